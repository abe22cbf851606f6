import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// What one credential's answers mean for others.
extension KnowledgeTests {
    @Test func `an old key that another credential uses is not said to be of no use`() async throws {
        let bed = try await TestBed()
        let other = try Address("cron/live/scripted")
        _ = try await bed.add(other, bed.first)
        _ = try await bed.rotate(to: bed.provider.issue())
        let reports = try bed.keeper.overview.status([])
        #expect(reports.first { $0.address == bed.address }?.oldKeyUser == other)
        #expect(reports.first { $0.address == other }?.oldKeyUser == nil)
    }

    @Test func `a clock that was ahead makes no dead key look alive`() async throws {
        let bed = try await TestBed(attempts: Self.many)
        let second = bed.provider.issue()
        bed.time.set(by: 10_000_000_000)
        _ = try await bed.rotate(to: second)
        bed.time.set(by: -10_000_000_000)
        bed.provider.change(second) { $0.isDead = true }
        bed.provider.behaviour { $0.isSilentFor = bed.first }
        #expect(try await bed.check().accepted == [])
        #expect(try bed.status().accepted.isEmpty)
    }

    @Test func `where the keys of a host have ended together, no more are tried than it may see wrong ones`()
        async throws
    {
        let bed = try await TestBed()
        var keys = [bed.first]
        for number in 1...9 {
            keys.append(bed.provider.issue())
            _ = try await bed.add(Address("app\(number)/live/scripted"), keys[number])
        }
        // A provider that gives no answer is not asked in small steps: each takes as long as the longest wait.
        bed.provider.behaviour { $0.outages = 10 }
        let start = bed.time.monotonic
        #expect(try await bed.keeper.prober.check([]) { _, _ in }.allSatisfy { $0.check.outcome == .providerDown })
        #expect(bed.time.monotonic - start == 2 * 20)
        // All live: each is asked for once.
        var asked = bed.provider.asked.count
        #expect(try await bed.keeper.prober.check([]) { _, _ in }.allSatisfy { $0.check.outcome == .ok })
        #expect(bed.provider.asked.count - asked == 10)
        bed.time.pass(601_000)
        for key in keys { bed.provider.change(key) { $0.isDead = true } }
        let before = bed.provider.wrongAttempts
        var reports = try await bed.keeper.prober.check([]) { _, _ in }
        #expect(bed.provider.wrongAttempts - before == 3)
        #expect(reports.count { $0.check.outcome == .badCredentials } == 3)
        #expect(reports.count { $0.check.outcome == .unknown } == 7)
        // What was not asked for is not known to be refused, and one more is tried at most.
        #expect(try bed.keeper.overview.status([]).count { $0.flags.contains(.refused) } == 3)
        reports = try await bed.keeper.prober.check([]) { _, _ in }
        #expect(bed.provider.wrongAttempts - before == 4)
        // When they live again, that is found out.
        bed.time.pass(601_000)
        for key in keys { bed.provider.change(key) { $0.isDead = false } }
        // Of four that were refused three are tried; then there is room for the last.
        asked = bed.provider.asked.count
        reports = try await bed.keeper.prober.check([]) { _, _ in }
        #expect(reports.count { $0.check.outcome == .ok } == 9)
        reports = try await bed.keeper.prober.check([]) { _, _ in }
        #expect(reports.allSatisfy { $0.check.outcome == .ok })
        #expect(bed.provider.asked.count - asked == 19)
        #expect(try bed.keeper.overview.status([]).allSatisfy { !$0.flags.contains(.refused) })
    }
}
