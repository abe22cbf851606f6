import Credentials
import Foundation
import Providers
import Sealing
import Synchronization
import Testing
import Vault

@testable import Operations

/// A vault, a clock and a provider of a test's own: no process, no network, no second that passes.
final class TestBed {
    let directory: String
    let time = FakeClock()
    let provider: ScriptedProvider
    private let pair = KeyPair.random()
    let address: Address
    var reference: AddressReference { .complete(address) }
    private(set) var keeper: Keeper
    /// The key that the credential was added with.
    let first: String
    private let terms: Terms

    var path: String { directory + "/vault.db" }
    private var state: String { directory + "/state" }

    init(
        _ behaviour: ScriptedProvider.Behaviour = ScriptedProvider.Behaviour(), mode: Terms.Mode = .overlap,
        attempts: AttemptBudget = .usual, allowsControl: Bool = true, deadWhen: [Outcome] = [], window: Int64 = 120
    ) async throws {
        let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()
        directory = root + "rekeep-operations-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory + "/state", withIntermediateDirectories: true)
        provider = ScriptedProvider(time, behaviour)
        address = try Address("shop/live/scripted")
        let path = directory + "/vault.db"
        let state = directory + "/state"
        try VaultFile.create(
            at: path, slots: [.identity(publicKey: pair.publicKey)], now: time.clock.now, stateDirectory: state)
        keeper = try Self.keeper(path, state, pair, provider, time)
        first = provider.issue()
        let terms = Terms(
            label: "Scripted",
            fields: [
                Field(
                    name: "token", label: "Token", isSecret: true, isOptional: false, role: .key, pattern: nil,
                    variable: "TOKEN")
            ], baseURL: "https://api.scripted.invalid", isTest: false, variablePrefix: "SCRIPTED", mode: mode,
            maxAge: .days(90),
            lifetime: nil, activationWindow: Span(seconds: window), allowsControl: allowsControl, deadWhen: deadWhen,
            attempts: attempts, panelPath: "Account > Keys")
        self.terms = terms
        _ = try await add(address, first)
    }

    /// Stores another credential.
    @discardableResult
    func add(
        _ address: Address, _ key: String, hasOwnBaseURL: Bool = true, terms: Terms? = nil
    ) async throws -> Credential {
        try await keeper.registry.add(
            AddRequest(
                address: address, terms: terms ?? self.terms, hasOwnBaseURL: hasOwnBaseURL,
                values: ["token": SecretBytes(key.utf8)], checks: true, proof: Self.proof(), prefix: nil, maxAge: nil,
                expires: nil, note: "", account: "")
        ).credential
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func keeper(
        _ path: String, _ state: String, _ pair: KeyPair, _ provider: ScriptedProvider, _ time: FakeClock
    ) throws -> Keeper {
        let vault = try VaultFile(path: path).open(with: .identity(Identity(pair: pair)), stateDirectory: state)
        return Keeper(
            vault: vault, courier: provider, clock: time.clock, patience: Patience(waits: true) { _ in })
    }

    /// Another process.
    func another() throws -> Keeper { try Self.keeper(path, state, pair, provider, time) }

    /// As if the process had ended and another one begun.
    func reopen() throws { keeper = try another() }

    static func proof(
        isOneAccount: @escaping @Sendable ([Money], [Money]) -> Bool = { _, _ in false }
    ) -> ProofOptions {
        ProofOptions(
            controls: true, removing: { _, _ in }, waiting: { _ in }, holding: { _ in },
            isOneAccount: isOneAccount, handingOver: { _ in .nobody })
    }

    func plan(_ mode: Terms.Mode? = nil, isReturn: Bool = false) async throws -> RotationPlan {
        try await keeper.rotations.plan(
            reference, mode: mode, grace: Span(seconds: 3600), issuing: false, isReturn: isReturn)
    }

    func rotate(
        to key: String, options: ProofOptions = TestBed.proof()
    ) async throws -> RotationReport {
        let plan = try await plan()
        try keeper.rotations.stage(plan, values: ["token": SecretBytes(key.utf8)], expires: nil, options: options)
        return try await keeper.rotations.finish(plan, options: options)
    }

    func comeBack(to number: Int) async throws -> RotationReport {
        let plan = try await plan(isReturn: true)
        try keeper.rotations.stageReturn(plan, to: number)
        return try await keeper.rotations.finish(plan, options: Self.proof())
    }

    func check() async throws -> CheckReport { try await keeper.prober.check([]) { _, _ in }[0] }

    func status() throws -> StatusReport { try keeper.overview.status([])[0] }

    func current() throws -> String { try value(nil) }

    func value(_ number: Int?) throws -> String {
        try keeper.registry.value("token", at: reference, version: number)
            .withBytes { String(decoding: $0, as: UTF8.self) }
    }

    func credential() throws -> Credential { try keeper.registry.show(reference).1 }

    func journal() throws -> Rotation? {
        try keeper.store.read { snapshot throws(VaultError) in
            try snapshot.rotation(of: snapshot.credential(at: address).id)
        }
    }

    // MARK: Killing

    /// What a process that is killed would leave on the disk.
    struct Kill: Sendable {
        fileprivate let directory: String
        fileprivate var copy: String { directory + "/killed" }

        func remember() {
            try? FileManager.default.removeItem(atPath: copy)
            try? FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
            for name in ["/vault.db", "/state"] {
                try? FileManager.default.copyItem(atPath: directory + name, toPath: copy + name)
            }
        }

        var isRemembered: Bool { FileManager.default.fileExists(atPath: copy) }
    }

    var kill: Kill { Kill(directory: directory) }

    /// Goes on from what was remembered.
    func wakeUp() throws {
        for name in ["/vault.db", "/state"] {
            try FileManager.default.removeItem(atPath: directory + name)
            try FileManager.default.moveItem(atPath: kill.copy + name, toPath: directory + name)
        }
        try FileManager.default.removeItem(atPath: kill.copy)
        try reopen()
    }
}

/// Up once, after so many answers.
final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    var isUp: Bool {
        left.withLock {
            $0 -= 1
            return $0 == -1
        }
    }
}
