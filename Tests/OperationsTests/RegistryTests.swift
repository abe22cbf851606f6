import Credentials
import Sealing
import Testing
import Vault

@testable import Operations

/// What is stored under which address, and what is not let in.
struct RegistryTests {
    private let bed: TestBed
    private var registry: Registry { bed.keeper.registry }

    init() async throws { bed = try await TestBed() }

    private func edited(_ change: (inout Registry.Edit) -> Void) async throws -> Credential {
        var edit = Registry.Edit()
        change(&edit)
        return try await registry.edit(bed.reference, edit)
    }

    @Test func `a second address is the same credential, until its last address goes`() async throws {
        let other = try Address("cron/live/scripted")
        #expect(try registry.link(other, to: bed.reference, prefix: nil).addresses == [other, bed.address])
        #expect(throws: OperationError.vault(.addressTaken(other))) {
            try registry.link(other, to: bed.reference, prefix: nil)
        }
        #expect(try !registry.remove(.complete(other)).removedCredential)
        #expect(try registry.remove(bed.reference).removedCredential)
        #expect(throws: OperationError.self) { try bed.current() }
    }

    @Test func `an address keeps its provider and its environment`() throws {
        for text in ["shop/test/scripted", "shop/live/other"] {
            let wrong = try Address(text)
            #expect(throws: OperationError.self) { try registry.link(wrong, to: bed.reference, prefix: nil) }
            #expect(throws: OperationError.renameAcrossIssuers(bed.address, wrong)) {
                try registry.rename(bed.reference, to: wrong)
            }
        }
        let new = try Address("kiosk/live/scripted@main")
        #expect(try registry.rename(bed.reference, to: new).credential.addresses == [new])
        #expect(try registry.show(.complete(new)).1.addresses == [new])
    }

    @Test func `an edit changes what it names and nothing else`() async throws {
        let before = try bed.credential()
        let after = try await edited {
            $0.note = "seen"
            $0.maxAge = .days(5)
        }
        #expect(after.note == "seen" && after.maxAge == .days(5))
        #expect(after.versions == before.versions && after.bindings == before.bindings)
        await #expect(throws: OperationError.self) {
            try await edited { $0.plain = ["token": SecretBytes("fake-new".utf8)] }
        }
        await #expect(throws: OperationError.expiryPassed(Timestamp(seconds: 5))) {
            try await edited { $0.expires = Timestamp(seconds: 5) }
        }
        #expect(try bed.credential() == after)
    }

    @Test func `an edit waits for a pending key, and takes none away`() async throws {
        let key = bed.provider.issue()
        try await stage(key)
        await #expect {
            try await edited { $0.note = "seen" }
        } throws: { error in
            if case OperationError.rotationOpen = error { true } else { false }
        }
        _ = try await bed.keeper.rotations.resume(bed.reference, options: TestBed.proof())
        #expect(try bed.current() == key && bed.credential().note.isEmpty)
    }

    /// The plan, and its lock with it, ends here.
    private func stage(_ key: String) async throws {
        let plan = try await bed.plan()
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(key.utf8)], expires: nil, options: TestBed.proof())
        let another = try bed.another()
        await #expect(throws: OperationError.self) { try await another.registry.edit(bed.reference, Registry.Edit()) }
        withExtendedLifetime(plan) {}
    }

    @Test func `a refused, an indeterminate and a foreign key are not stored`() async throws {
        let address = try Address("cron/live/scripted")
        await #expect(throws: OperationError.self) { try await bed.add(address, "fake-wrong-key-1") }
        bed.provider.behaviour { $0.outages = 10 }
        await #expect(throws: OperationError.self) { try await bed.add(address, bed.provider.issue()) }
        bed.provider.behaviour { $0.outages = 0 }
        bed.provider.behaviour { $0.acceptsAnything = true }
        bed.time.pass(100_000_000)
        await #expect(throws: OperationError.self) { try await bed.add(address, "fake-anything-00") }
        #expect(try registry.list([]).map(\.address) == [bed.address])
        #expect(try bed.keeper.custodian.log().count { $0.action == .add } == 1)
    }

    @Test func `of policies the most specific one counts, and a credential's own comes first`() async throws {
        try registry.setPolicy(Policy(pattern: Pattern("**"), maxAge: .days(7)))
        try registry.setPolicy(Policy(pattern: Pattern("shop/live/*"), maxAge: .days(3)))
        #expect(try bed.status().maxAge == .days(3))
        try registry.unsetPolicy(Pattern("shop/live/*"))
        #expect(try bed.status().maxAge == .days(7))
        #expect(throws: OperationError.noSuchPolicy(try Pattern("x/*"))) { try registry.unsetPolicy(Pattern("x/*")) }
        _ = try await edited { $0.maxAge = .days(2) }
        #expect(try bed.status().maxAge == .days(2))
    }
}
