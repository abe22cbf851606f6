internal import Glibc

/// Where a credential may be sent: https anywhere, plain http on this machine only.
public struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    /// Why a text cannot be a base URL.
    public enum Refusal: Error, Equatable, Sendable {
        case malformed(String)
        case notEncrypted(host: String)
    }

    /// Without a slash at the end, and without the dot that a complete host name may end with.
    public let description: String
    /// A request that leads to another origin is not sent.
    public let origin: Origin
    /// The origin's host, without the port.
    public var host: String { origin.host }

    /// - Throws: `malformed` unless `text` is a plain `https://HOST[:PORT][/PATH]`; `notEncrypted` for http elsewhere.
    public init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= 512, let parts = Origin.parts(of: text),
            text.utf8.allSatisfy({ !"?%".utf8.contains($0) })
        else { throw .malformed(text) }
        guard parts.origin.isPrivate else { throw .notEncrypted(host: parts.origin.host) }
        var trimmed = parts.head + parts.rest
        while trimmed.hasSuffix("/") { trimmed = String(trimmed.dropLast()) }
        description = trimmed
        origin = parts.origin
    }
}

/// Whom a URL leads to: scheme, host and port, spelled so that equal ones compare equal.
public struct Origin: Hashable, Sendable {
    /// `https` or `http`.
    public let scheme: String
    /// Lower case, without a dot at the end; an IPv6 address in brackets, in its shortest spelling.
    public let host: String
    /// 443 or 80 where the URL has none.
    public let port: UInt16

    /// Encrypted, or not leaving this machine.
    public var isPrivate: Bool { scheme == "https" || Self.isLoopback(host) }

    /// The origin of a whole http or https URL. Nil for everything that two parsers could read in two ways: a user, a
    /// fragment, characters that do not belong into a URL, a host that is neither a name nor an address in its usual
    /// spelling.
    public init?(of url: String) {
        guard let origin = Self.parts(of: url)?.origin else { return nil }
        self = origin
    }

    private init(scheme: String, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The URL up to the end of its authority, without a dot at the host's end, and what follows.
    fileprivate static func parts(of url: String) -> (origin: Origin, head: String, rest: String)? {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://"),
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"@#\\\"<>{}`^|".utf8.contains($0) })
        else { return nil }
        let scheme = isSecure ? "https" : "http"
        let authority = url.dropFirst(scheme.utf8.count + 3).prefix { $0 != "/" && $0 != "?" }
        let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]") : nil
        var host = authority.prefix(
            upTo: authority[(end ?? authority.startIndex)...].firstIndex(of: ":") ?? authority.endIndex)
        let portText = authority[host.endIndex...]
        if host.hasSuffix(".") { host = host.dropLast() }
        guard let normal = normalised(host) else { return nil }
        var port: UInt16 = isSecure ? 443 : 80
        if !portText.isEmpty {
            // As the parsers' `UInt16` would, but without a sign.
            guard portText.dropFirst().allSatisfy(\.isWholeNumber), let given = UInt16(portText.dropFirst()), given > 0
            else { return nil }
            port = given
        }
        return (
            Origin(scheme: scheme, host: normal, port: port), "\(scheme)://\(host)\(portText)",
            String(url[authority.endIndex...])
        )
    }

    /// Nil unless it is a host's name, four decimal numbers or an IPv6 address in brackets.
    private static func normalised(_ host: Substring) -> String? {
        if host.hasPrefix("["), host.hasSuffix("]") { return normalisedIPv6(String(host.dropFirst().dropLast())) }
        let labels = host.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, let last = labels.last,
            labels.allSatisfy({ label in
                !label.isEmpty
                    && label.utf8.allSatisfy {
                        (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
                    }
            })
        else { return nil }
        // What ends in a number is an address to some, in spellings of which not everybody knows all.
        let isAddress = last.utf8.allSatisfy { (48...57).contains($0) } || last.hasPrefix("0x")
        if isAddress {
            guard labels.count == 4, labels.allSatisfy({ UInt8($0).map(String.init) == String($0) }) else { return nil }
        }
        return labels.joined(separator: ".")
    }

    private static func normalisedIPv6(_ text: String) -> String? {
        var address = in6_addr()
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_pton(AF_INET6, text, &address) == 1,
            inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) != nil
        else { return nil }
        return "[" + String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + "]"
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let labels = host.split(separator: ".")
        return labels.count == 4 && labels[0] == "127" && labels.allSatisfy { UInt8($0) != nil }
    }
}
