internal import Glibc
internal import Synchronization

/// The hooks that run now. A signal that ends the process ends them too: whoever resumes runs them again, and two reloads
/// of one application must not meet.
public enum RunningHooks {
    /// More at once are not known here and run to their end.
    private static let most = 256
    /// A group that is asked to end has two seconds, looked at in steps of 50 milliseconds.
    private static let looks = 40
    private static let step = 50
    // A signal handler can be given nothing and may take no lock: it reads these, which change one word at a time.
    nonisolated(unsafe) private static let groups = {
        let groups = UnsafeMutablePointer<pid_t>.allocate(capacity: most)
        groups.initialize(repeating: 0, count: most)
        return groups
    }()
    private static let isEnding = Atomic(false)
    /// How many are being started, whose groups are not known yet.
    private static let starting = Atomic(0)
    private static let change = Mutex<Void>(())

    /// Makes ready for `end`, which must not be the first to come here.
    public static func prepare() {
        _ = groups
        _ = isEnding.load(ordering: .relaxed)
        _ = starting.load(ordering: .relaxed)
    }

    /// Ends every group for good: SIGTERM, and SIGKILL to what is left. Nothing goes on meanwhile that waits for a hook.
    /// For signal handlers: allocates nothing.
    public static func end() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        for index in 0..<most where groups[index] > 0 { kill(-groups[index], SIGTERM) }
        for _ in 0..<looks {
            var isAnyLeft = starting.load(ordering: .sequentiallyConsistent) > 0
            for index in 0..<most where groups[index] > 0 {
                // What has ended counts as a member of its group until somebody has asked for its end.
                while waitpid(-groups[index], nil, WNOHANG) > 0 {}
                if kill(-groups[index], 0) == 0 { isAnyLeft = true }
            }
            guard isAnyLeft else { return }
            usleep(UInt32(step * 1000))
        }
        for index in 0..<most where groups[index] > 0 { kill(-groups[index], SIGKILL) }
    }

    /// Ends one group for good.
    static func end(_ group: pid_t) async {
        guard group > 0 else { return }
        kill(-group, SIGTERM)
        for _ in 0..<looks {
            guard kill(-group, 0) == 0 else { return }
            try? await Task.sleep(for: .milliseconds(step))
        }
        kill(-group, SIGKILL)
    }

    /// Does not return while the process is being ended: what a hook's end means is not to be judged then.
    static func standStillAtEnd() async {
        while isEnding.load(ordering: .sequentiallyConsistent) { try? await Task.sleep(for: .milliseconds(step)) }
    }

    /// One is about to be started; `insert` or `failToStart` follows.
    static func start() { starting.add(1, ordering: .sequentiallyConsistent) }

    static func failToStart() { starting.subtract(1, ordering: .sequentiallyConsistent) }

    static func insert(_ group: pid_t) {
        replace(0, by: group)
        starting.subtract(1, ordering: .sequentiallyConsistent)
        if isEnding.load(ordering: .sequentiallyConsistent) { kill(-group, SIGTERM) }
    }

    static func remove(_ group: pid_t) {
        // Others of its group may be left, which `end` has to know of.
        guard group > 0, !isEnding.load(ordering: .sequentiallyConsistent) else { return }
        replace(group, by: 0)
    }

    private static func replace(_ old: pid_t, by new: pid_t) {
        change.withLock { _ in
            if let index = (0..<most).first(where: { groups[$0] == old }) { groups[index] = new }
        }
    }
}
