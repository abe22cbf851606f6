internal import Glibc
internal import Synchronization

/// The hooks that run now. A signal that ends the process ends them too: whoever resumes runs them again, and two reloads
/// of one application must not meet.
public enum RunningHooks {
    /// More at once are not known here and run to their end.
    private static let most = 256
    // A signal handler can be given nothing and may take no lock: it reads these, which change one word at a time.
    nonisolated(unsafe) private static let groups = {
        let groups = UnsafeMutablePointer<pid_t>.allocate(capacity: most)
        groups.initialize(repeating: 0, count: most)
        return groups
    }()
    private static let change = Mutex<Void>(())

    /// Makes ready for `end`, which must not be the first to come here.
    public static func prepare() { _ = groups }

    /// Sends every group SIGTERM. For signal handlers: allocates nothing.
    public static func end() {
        for place in 0..<most where groups[place] > 0 { kill(-groups[place], SIGTERM) }
    }

    static func insert(_ group: pid_t) { replace(0, by: group) }

    static func remove(_ group: pid_t) { replace(group, by: 0) }

    private static func replace(_ old: pid_t, by new: pid_t) {
        change.withLock { _ in
            if let place = (0..<most).first(where: { groups[$0] == old }) { groups[place] = new }
        }
    }
}
