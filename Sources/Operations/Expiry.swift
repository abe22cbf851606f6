public import Credentials

extension Terms {
    /// Refuses a moment at which a key is said to end that cannot be right.
    /// - Throws: `expiryPassed`; `expiryBeyondLifetime`.
    public func checkExpiry(_ expires: Timestamp?, at now: Timestamp) throws(OperationError) {
        guard let expires else { return }
        guard expires > now else { throw .expiryPassed(expires) }
        // A day of grace for calendars that differ.
        if let lifetime, expires - now > Span(seconds: lifetime.seconds + 86_400) {
            throw .expiryBeyondLifetime(lifetime)
        }
    }
}
