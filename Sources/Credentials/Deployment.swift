/// `APPLICATION/ENVIRONMENT`: everything one application needs in one environment.
public struct Deployment: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Who uses the credentials, such as `whmcs` or `billing-cron`.
    public let application: String
    /// `live`, `test` or another one that the providers' profiles name.
    public let environment: String

    /// - Throws: `AddressError.malformed` unless `text` is two valid names with a slash between them.
    public init(_ text: String) throws(AddressError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Name.isValid) else { throw .malformed(text) }
        self.init(application: String(parts[0]), environment: String(parts[1]))
    }

    init(application: String, environment: String) {
        self.application = application
        self.environment = environment
    }

    /// Such as `whmcs/live`.
    public var description: String { application + "/" + environment }

    /// By application, then by environment.
    public static func < (left: Deployment, right: Deployment) -> Bool {
        (left.application, left.environment) < (right.application, right.environment)
    }
}
