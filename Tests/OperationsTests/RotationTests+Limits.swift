import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// Wrong keys that a host may see, clocks, and patience.
extension RotationTests {
    @Test func `no more wrong keys are tried than the host may see`() async throws {
        let bed = try await TestBed(attempts: AttemptBudget(most: 3, per: Span(seconds: 600)))
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        bed.provider.change(second) { $0.isDead = true }
        bed.provider.change(bed.first) { $0.isDead = true }
        // The control took one at add.
        for _ in 0..<10 { _ = try await bed.check() }
        #expect(bed.provider.wrongAttempts == 3)
        #expect(try await bed.check().check.outcome == .badCredentials)
        bed.time.pass(601_000)
        _ = try await bed.check()
        #expect(bed.provider.wrongAttempts > 3)
        #expect(bed.provider.wrongAttempts <= 6)
    }

    @Test func `where no control is allowed no wrong key is tried`() async throws {
        let bed = try await TestBed(mode: .cutover, allowsControl: false)
        bed.provider.behaviour { $0.hasOneKey = true }
        let plan = try await bed.plan()
        let second = bed.provider.issue()
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        #expect(bed.provider.wrongAttempts == 0)
        bed.provider.change(second) { $0.isDead = true }
        #expect(try await bed.check().untried == [1])
        #expect(bed.provider.wrongAttempts == 1)
        #expect(bed.provider.asked.filter { $0 == bed.first }.count == 2)
        // The old key was accepted before the new one was issued: that says nothing of it by now.
        #expect(try bed.status().flags.contains(.oldKeyAlive) == false)
    }

    @Test func `a clock that was far ahead makes nobody wait for years, and a jump erases nothing`() async throws {
        let bed = try await TestBed(attempts: AttemptBudget(most: 100, per: Span(seconds: 600)))
        let second = bed.provider.issue()
        _ = try await bed.rotate(to: second)
        bed.provider.change(bed.first) { $0.isDead = true }
        let years: Int64 = 10 * 365 * 86_400_000
        bed.time.set(by: years)
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        }
        bed.time.set(by: -years)
        // Refused again, now: a minute from now it counts.
        let again = bed.time.clock.now + Span(seconds: 60)
        await #expect(throws: OperationError.refusedOnce(again: again)) {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        }
        // Two seconds later a jump of a year.
        bed.time.pass(2_000)
        bed.time.set(by: years)
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.retire(bed.reference, revoking: false)
        }
        #expect(try bed.value(1) == bed.first)
        bed.time.set(by: -years)
        #expect(
            try await bed.keeper.rotations.retire(bed.reference, revoking: false, staying: { _ in }).1.map(\.number)
                == [1])
    }

    @Test func `within one process the clock that nobody sets decides`() async throws {
        let bed = try await TestBed(attempts: AttemptBudget(most: 100, per: Span(seconds: 600)))
        _ = try await bed.rotate(to: bed.provider.issue())
        bed.provider.change(bed.first) { $0.isDead = true }
        let time = bed.time
        await #expect(throws: OperationError.self) {
            try await bed.keeper.rotations.retire(
                bed.reference, revoking: false, staying: { _ in time.set(by: 120_000) })
        }
        #expect(try bed.value(1) == bed.first)
    }

    @Test func `a provider that asks to wait is waited for, as long as anybody would`() async throws {
        let bed = try await TestBed()
        let second = bed.provider.issue()
        let before = bed.time.monotonic
        let plan = try await bed.plan()
        bed.provider.behaviour {
            $0.retryAfter = 30
            $0.outages = 2
        }
        try bed.keeper.rotations.stage(
            plan, values: ["token": SecretBytes(second.utf8)], expires: nil, options: TestBed.proof())
        _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
        #expect(bed.time.monotonic - before >= 30_000)
        bed.provider.behaviour {
            $0.retryAfter = 3600
            $0.outages = 1
        }
        let patient = bed.time.monotonic
        #expect(try await bed.check().check.outcome == .rateLimited)
        #expect(bed.time.monotonic - patient < 60_000)
    }
}
