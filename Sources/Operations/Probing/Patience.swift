public import Credentials

/// Whether a provider that asks to slow down is waited for.
public struct Patience: Sendable {
    let waits: Bool
    /// Told how long, before each wait.
    let told: @Sendable (Span) -> Void

    /// The longest that is waited for at once.
    static let longest = Span(seconds: 60)

    /// `told` is called before each wait that a provider asks for.
    public init(waits: Bool, told: @escaping @Sendable (Span) -> Void) {
        self.waits = waits
        self.told = told
    }

    /// Waits for no provider that asks to slow down. The short pauses between tries stay.
    public static let none = Patience(waits: false) { _ in }
}
