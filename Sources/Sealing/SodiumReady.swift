internal import CSodium

/// Initialises libsodium exactly once; `sodium_malloc` aborts when it is called earlier.
let sodiumReady: Void = {
    precondition(sodium_init() >= 0, "libsodium could not be initialised")
}()
