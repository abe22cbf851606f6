import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// Keys that stand in two credentials, and pastes that give way.
extension RotationTests {
    @Test func `a cutover tells who else has the key, and they are flagged after it`() async throws {
        let bed = try await TestBed(mode: .cutover)
        let other = try Address("cron/live/scripted")
        _ = try await bed.add(other, bed.first)
        let plan = try await bed.plan()
        #expect(plan.sharers.flatMap(\.addresses) == [other])
        bed.provider.behaviour { $0.hasOneKey = true }
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(bed.provider.issue().utf8)], expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        let flags = try bed.keeper.overview.status([]).first { $0.address == other }?.flags
        #expect(flags?.contains(.replaced) == true)
    }

    @Test func `another credential with the same key can be linked without losing one`() async throws {
        let bed = try await TestBed()
        let other = try Address("cron/live/scripted")
        let added = try await bed.add(other, bed.first)
        #expect(bed.keeper.registry.canAbsorb(added, into: try bed.credential()))
        try bed.keeper.registry.absorb(added.id, into: bed.address)
        #expect(try bed.credential().addresses == [other, bed.address])
        #expect(try bed.current() == bed.first)
        #expect(try bed.keeper.custodian.verify().findings.isEmpty)
    }

    @Test func `a credential with a key of its own is not linked away`() async throws {
        let bed = try await TestBed()
        let other = try Address("cron/live/scripted")
        let key = bed.provider.issue()
        let added = try await bed.add(other, key)
        #expect(throws: OperationError.self) {
            try bed.keeper.registry.absorb(added.id, into: bed.address)
        }
        #expect(try bed.keeper.registry.show(.complete(other)).1.addresses == [other])
        #expect(try bed.credential().addresses == [bed.address])
    }

    @Test func `a refused paste gives way to the next`() async throws {
        let bed = try await TestBed(window: 1)
        let plan = try await bed.plan()
        try bed.keeper.rotations.begin(plan)
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes("fake-wrong".utf8)], expires: nil, options: TestBed.proof())
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        }
        let next = try bed.keeper.rotations.putAsideRefused(plan)
        let second = bed.provider.issue()
        try bed.keeper.rotations.stage(
            next, values: ["token": SecretBytes(second.utf8)], expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(next, options: TestBed.proof())
        #expect(try bed.current() == second)
        #expect(try bed.credential().versions.map(\.number) == [1, 2, 3])
    }
}
