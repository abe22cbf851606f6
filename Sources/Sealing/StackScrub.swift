internal import CSodium

/// libsodium works on short messages in frames of its own and leaves them there. Whoever has called it with a secret
/// writes over that part of the stack, which nothing uses any more.
enum StackScrub {
    @inline(__always)
    static func run() { sodium_stackzero(4096) }
}
