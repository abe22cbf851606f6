internal import Credentials
internal import Glibc

/// The terms that were read last, with the bytes that they were read from: a vault has many credentials, and few providers.
struct RecentTerms: Sendable {
    private static let most = 16
    private var known: [(form: [UInt8], terms: Terms)] = []

    /// The terms that begin these bytes, and how many bytes they are; nil when they are none of these. A form is never the
    /// beginning of another, because it says how long each of its parts is.
    func known(in bytes: ArraySlice<UInt8>) -> (count: Int, terms: Terms)? {
        for (form, terms) in known where Self.begin(bytes, with: form) {
            return (form.count, terms)
        }
        return nil
    }

    mutating func remember(_ terms: Terms, of form: ArraySlice<UInt8>) {
        if known.count == Self.most { known.removeFirst() }
        known.append((Array(form), terms))
    }

    private static func begin(_ bytes: ArraySlice<UInt8>, with form: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            form.withUnsafeBytes { form in
                guard form.count <= bytes.count, let one = bytes.baseAddress, let other = form.baseAddress else {
                    return false
                }
                return memcmp(one, other, form.count) == 0
            }
        }
    }
}
