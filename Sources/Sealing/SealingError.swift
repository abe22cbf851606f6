/// What can go wrong when something is sealed, opened or derived.
public enum SealingError: Error, Equatable, Sendable {
    /// The seal does not fit its key, its place or its content: damaged, moved or forged.
    case notAuthentic
    /// Key-derivation costs outside the accepted range, so that a file can neither weaken nor exhaust us.
    case costsOutOfRange(operations: UInt64, memoryBytes: UInt64)
    /// The derivations of one opening together take more work than is accepted.
    case workOutOfRange
    /// The system refused the memory that a derivation needs.
    case outOfMemory
}
