/// Where a credential may be sent: https anywhere, plain http on this machine only.
public struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    public enum Refusal: Error, Equatable, Sendable {
        case malformed(String)
        case notEncrypted(host: String)
    }

    /// Without a slash at the end.
    public let description: String
    /// Lower case, without port.
    public let host: String

    /// - Throws: `malformed` unless `text` is a plain `https://HOST[:PORT][/PATH]`; `notEncrypted` for http elsewhere.
    public init(_ text: String) throws(Refusal) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://"), text.utf8.count <= 512,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"@?#\\\"<>{}`^|%".utf8.contains($0) })
        else { throw .malformed(text) }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        guard let host = Self.host(of: authority) else { throw .malformed(text) }
        guard isSecure || Self.isLoopback(host) else { throw .notEncrypted(host: host) }
        var trimmed = text[...]
        while trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        description = String(trimmed)
        self.host = host
    }

    private static func host(of authority: Substring) -> String? {
        var host = authority
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[...end]
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
        }
        let port = authority[host.endIndex...]
        guard !host.isEmpty else { return nil }
        if !port.isEmpty { guard port.first == ":", UInt16(port.dropFirst()) != nil else { return nil } }
        return host.lowercased()
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
