public import Credentials

/// What was done, as the audit log tells it.
public enum LogAction: UInt8, NamedValue {
    case add = 1
    case link = 2
    case rename = 3
    case edit = 4
    case remove = 5
    case check = 6
    case rotate = 7
    case retire = 8
    case policySet = 9
    case policyUnset = 10
    case targetAdd = 11
    case targetRemove = 12
    case deploy = 13
    case drift = 14
    case slotAdd = 15
    case slotRemove = 16
    case rekey = 17
    case backup = 18
    case restore = 19
    case trust = 20

    /// The command's words, such as `policy set`.
    public var name: String {
        switch self {
        case .add: "add"
        case .link: "link"
        case .rename: "rename"
        case .edit: "edit"
        case .remove: "remove"
        case .check: "check"
        case .rotate: "rotate"
        case .retire: "retire"
        case .policySet: "policy set"
        case .policyUnset: "policy unset"
        case .targetAdd: "target add"
        case .targetRemove: "target remove"
        case .deploy: "deploy"
        case .drift: "drift"
        case .slotAdd: "slot add"
        case .slotRemove: "slot remove"
        case .rekey: "rekey"
        case .backup: "backup"
        case .restore: "restore"
        case .trust: "trust"
        }
    }
}

/// How an action ended. docs/format.md lists the codes.
public enum LogOutcome: Hashable, Sendable {
    case done
    case unproved
    /// The other thing that the action was about: an address, a path, an age, a kind of slot.
    case object(String)
    /// An address was taken from a credential that has others.
    case unbound
    /// The credential was erased with its last address.
    case credentialErased
    /// So many of all went well.
    case part(Int, of: Int)
    case keyKept
    case rekeyed
    case generation(UInt64)
    /// The state that a rotation entered.
    case state(Rotation.State)
    /// What the provider said of a rotation's new key.
    case answered(Outcome)
    case wrongAccount
    /// Whether the endpoint refuses a wrong key could not be told.
    case notValidated
    case asksForKey
    case asksToEnd(version: Int)
    case staged(version: Int)
    /// A kept version is to become current again.
    case returning(version: Int)
    case promoted(version: Int)
    case putAside(version: Int)
    case rolledBack(version: Int)
    /// From an emergency file.
    case takenIn(version: Int)
    /// Found dead and erased; none: not yet.
    case erased(versions: [Int])
}

extension LogOutcome {
    /// The code, the numbers and the text that stand for it in the log.
    private var parts: (code: UInt8, numbers: [Int64], text: String) {
        switch self {
        case .done: (1, [], "")
        case .unproved: (2, [], "")
        case .object(let text): (3, [], text)
        case .unbound: (4, [], "")
        case .credentialErased: (5, [], "")
        case .part(let count, let all): (6, [Int64(count), Int64(all)], "")
        case .keyKept: (7, [], "")
        case .rekeyed: (8, [], "")
        case .generation(let generation): (9, [Int64(bitPattern: generation)], "")
        case .state(let state): (10, [Int64(state.rawValue)], "")
        case .answered(let outcome): (11, [Int64(outcome.rawValue)], "")
        case .wrongAccount: (12, [], "")
        case .notValidated: (13, [], "")
        case .asksForKey: (14, [], "")
        case .asksToEnd(let version): (15, [Int64(version)], "")
        case .staged(let version): (16, [Int64(version)], "")
        case .returning(let version): (17, [Int64(version)], "")
        case .promoted(let version): (18, [Int64(version)], "")
        case .putAside(let version): (19, [Int64(version)], "")
        case .rolledBack(let version): (20, [Int64(version)], "")
        case .takenIn(let version): (21, [Int64(version)], "")
        case .erased(let versions): (22, versions.map(Int64.init), "")
        }
    }

    func write(to writer: inout RecordWriter) {
        let (code, numbers, text) = parts
        writer.put(code)
        writer.put(list: numbers) { $0.put(number: $1) }
        writer.put(text)
    }

    init(reading reader: inout RecordReader) throws(MalformedRecord) {
        let code = try reader.byte()
        let numbers = try reader.list { reader throws(MalformedRecord) in try reader.number(Int64.self) }
        let text = try reader.text()
        guard let outcome = Self.made(code, numbers, text), outcome.parts == (code, numbers, text) else {
            throw MalformedRecord()
        }
        self = outcome
    }

    private static func made(_ code: UInt8, _ numbers: [Int64], _ text: String) -> LogOutcome? {
        let first = numbers.first ?? 0
        let version = Int(first)
        return switch code {
        case 1: .done
        case 2: .unproved
        case 3: .object(text)
        case 4: .unbound
        case 5: .credentialErased
        case 6: .part(version, of: Int(numbers.dropFirst().first ?? 0))
        case 7: .keyKept
        case 8: .rekeyed
        case 9: .generation(UInt64(bitPattern: first))
        case 10: UInt8(exactly: first).flatMap(Rotation.State.init).map(Self.state)
        case 11: UInt8(exactly: first).flatMap(Outcome.init).map(answered)
        case 12: .wrongAccount
        case 13: .notValidated
        case 14: .asksForKey
        case 15: .asksToEnd(version: version)
        case 16: .staged(version: version)
        case 17: .returning(version: version)
        case 18: .promoted(version: version)
        case 19: .putAside(version: version)
        case 20: .rolledBack(version: version)
        case 21: .takenIn(version: version)
        case 22: .erased(versions: numbers.map(Int.init))
        default: nil
        }
    }
}
