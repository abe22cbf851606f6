/// `APPLICATION/ENVIRONMENT`: everything one application needs in one environment.
public struct Deployment: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Who uses the credentials, such as `whmcs` or `billing-cron`.
    public let application: String
    /// `live`, `test` or another one that the providers' profiles name.
    public let environment: String

    /// - Throws: `AddressError.malformed` unless `text` is two valid names with a slash between them.
    public init(_ text: String) throws(AddressError) {
        var text = text
        guard let deployment = text.withUTF8({ Deployment(utf8: $0) }) else { throw .malformed(text) }
        self = deployment
    }

    /// As `init(_:)`, from the UTF-8 of a text; nil when it is no deployment.
    public init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")), let application = Name.text(text[..<slash]),
            let environment = Name.text(text[(slash + 1)...])
        else { return nil }
        self.init(application: application, environment: environment)
    }

    init(application: String, environment: String) {
        self.application = application
        self.environment = environment
    }

    /// Such as `whmcs/live`.
    public var description: String { application + "/" + environment }

    /// By application, then by environment.
    public static func < (left: Deployment, right: Deployment) -> Bool {
        left.application == right.application
            ? left.environment < right.environment : left.application < right.application
    }
}
