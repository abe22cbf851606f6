import Foundation
import Sealing

@testable import Credentials
@testable import Delivery
@testable import ProfileLoader
@testable import Vault

/// What reads bytes that a stranger can have written. Each decoder either refuses them or comes to something that
/// survives being written and read again.
private enum Decoder: String {
    case slot, header, record, identity, recovery, seen, dotenv, profile

    func take(_ bytes: [UInt8]) {
        switch self {
        case .slot: slot(bytes)
        case .header:
            if let header = try? Header(plainForm: bytes) { precondition(header.plainForm == bytes) }
        case .record: record(bytes)
        case .identity: identity(bytes)
        case .recovery:
            guard let code = RecoveryCode(code: SecretBytes(bytes)) else { return }
            precondition(RecoveryCode(code: code.code)?.code == code.code)
        case .seen:
            if let seen = try? Seen(plainForm: bytes) { precondition((try? Seen(plainForm: seen.plainForm)) == seen) }
        case .dotenv: dotenv(bytes)
        case .profile: profile(bytes)
        }
    }

    /// The first byte is the kind.
    private func slot(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let content = Array(bytes.dropFirst())
        var form = RecordWriter()
        form.put(1)
        form.put(kind)
        form.put(fixed: content)
        let checksum = KeyedHash.checksum(form.bytes)
        guard let slot = try? Slot(number: 1, kind: Int64(kind), plainForm: content, checksum: checksum) else { return }
        precondition(slot.plainForm == content && slot.checksum == checksum)
    }

    /// The first byte is the table.
    private func record(_ bytes: [UInt8]) {
        guard let table = bytes.first.flatMap(Table.init) else { return }
        let content = Array(bytes.dropFirst())
        switch table {
        case .credential: again(Credential.self, content)
        case .address: again(AddressRecord.self, content)
        case .deployment: again(DeploymentRecord.self, content)
        case .fingerprint: again(FingerprintRecord.self, content)
        case .rotation: again(Rotation.self, content)
        case .policy: again(PolicyList.self, content)
        case .control: again(NegativeControl.self, content)
        case .attempt: again(WrongAttempts.self, content)
        case .tree: again(TreeNode.self, content)
        case .secret: return
        }
    }

    private func again<Noun: Vault.Record & Equatable>(_: Noun.Type, _ content: [UInt8]) {
        guard let noun = try? Noun(plainForm: content) else { return }
        precondition((try? Noun(plainForm: noun.plainForm)) == noun)
    }

    private func identity(_ bytes: [UInt8]) {
        if let identity = IdentityFile.identity(from: SecretBytes(bytes)) {
            let again = IdentityFile.identity(from: IdentityFile.content(for: identity))
            precondition(again?.pair.publicKey == identity.pair.publicKey && again?.vaults == identity.vaults)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if let key = IdentityFile.publicKey(from: text) {
            precondition(IdentityFile.publicKey(from: IdentityFile.text(of: key)) == key)
        }
    }

    /// What is not refused reads back.
    private func dotenv(_ bytes: [UInt8]) {
        let file = DotenvFile(SecretBytes(bytes), format: .universal)
        let value = SecretBytes("fake value".utf8)
        guard let address = try? Address("fuzz/live/fuzz"),
            let changed = try? file.setting(
                [Variable(name: "FUZZ", value: value, isSecret: true, address: address)], removing: [], path: "",
                opening: "# made by a test\n")
        else { return }
        precondition(DotenvFile(changed, format: .universal).held(["FUZZ"]) == ["FUZZ": .value(value)])
    }

    private func profile(_ bytes: [UInt8]) {
        guard let profile = try? Profile(yaml: String(decoding: bytes, as: UTF8.self)) else { return }
        for sample in profile.samples { _ = profile.read(sample.answer, values: sample.fields, secrets: []) }
    }
}

private let decoder: Decoder = {
    guard let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"], let decoder = Decoder(rawValue: name) else {
        FileHandle.standardError.write(Data("FUZZ_TARGET names no decoder\n".utf8))
        exit(64)
    }
    return decoder
}()

/// libFuzzer calls this with each input: `count` bytes from `start`.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    decoder.take(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
