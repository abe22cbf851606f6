internal import CLinux
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A thread that works on one thing after another while its owner goes on. What it has not begun by the time that it is
/// asked for, and everything where the system gives no thread, is done by the owner.
///
/// Not a dispatch queue: that one waits, for ever if need be, until the system gives it a thread.
final class SideThread<Input: Sendable, Output: Sendable>: Sendable {
    private let line: Line?
    private let work: @Sendable (Input) -> Output

    /// - Parameter isWorthIt: false to work in the owner's thread after all.
    init(isWorthIt: Bool, _ work: @escaping @Sendable (Input) -> Output) {
        let line = Line()
        self.line = isWorthIt && Detached.begin({ line.work() }) ? line : nil
        self.work = work
    }

    deinit { line?.close() }

    func begin(_ input: Input) -> Piece {
        let piece = Piece(input, work)
        line?.append(piece)
        return piece
    }

    /// A piece of work that was begun.
    final class Piece: Sendable {
        private let input: Mutex<Input?>
        private let work: @Sendable (Input) -> Output
        private let output = Mutex<Output?>(nil)
        private let isDone = DispatchSemaphore(value: 0)

        fileprivate init(_ input: Input, _ work: @escaping @Sendable (Input) -> Output) {
            self.input = Mutex(input)
            self.work = work
        }

        /// Does the work, unless somebody else does.
        fileprivate func run() {
            let taken = input.withLock { input in
                defer { input = nil }
                return input
            }
            guard let taken else { return }
            let result = work(taken)
            output.withLock { $0 = result }
            isDone.signal()
        }

        /// Waits for what comes of it.
        func result() -> Output {
            run()
            while true {
                isDone.wait()
                if let result = output.withLock(\.self) { return result }
            }
        }
    }

    /// What waits for the thread, in order.
    private final class Line: Sendable {
        private let pieces = Mutex<[Piece]>([])
        private let changes = DispatchSemaphore(value: 0)

        func append(_ piece: Piece) {
            pieces.withLock { $0.append(piece) }
            changes.signal()
        }

        /// Ends the thread.
        func close() {
            pieces.withLock { $0 = [] }
            changes.signal()
        }

        func work() {
            while true {
                changes.wait()
                guard let piece = pieces.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
                piece.run()
            }
        }
    }
}

/// A thread for one function, which no signal interrupts and nobody joins.
private final class Detached: Sendable {
    private let body: @Sendable () -> Void
    /// In bytes; a limit of the process counts what is reserved, not what is used.
    private static let stack = 512 * 1024

    private init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    /// False when the system gives no thread, and where the address space is limited: malloc reserves 64 MiB of it for
    /// each thread.
    static func begin(_ body: @escaping @Sendable () -> Void) -> Bool {
        guard linux_has_unlimited_address_space() == 1 else { return false }
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stack)
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let detached = Unmanaged.passRetained(Detached(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { context in
                if let context { Unmanaged<Detached>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, detached.toOpaque())
        if status != 0 { detached.release() }
        return status == 0
    }
}
