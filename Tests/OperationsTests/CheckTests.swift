import Credentials
import Testing

@testable import Operations

/// A check of many keys of one host.
struct CheckTests {
    private let bed: TestBed

    init() async throws {
        bed = try await TestBed()
        for number in 2...10 {
            try await bed.add(Address("shop\(number)/live/scripted"), bed.provider.issue("acct-\(number)"))
        }
        bed.time.pass(601_000)
    }

    private func check() async throws -> (reports: [CheckReport], asked: ArraySlice<String>, milliseconds: Int64) {
        let before = (bed.provider.asked.count, bed.time.monotonic)
        let reports = try await bed.keeper.prober.check([]) { _, _ in }
        return (reports, bed.provider.asked.dropFirst(before.0), bed.time.monotonic - before.1)
    }

    @Test func `once the first few are accepted, all others are asked for together`() async throws {
        let (reports, asked, milliseconds) = try await check()
        #expect(reports.count == 10 && reports.allSatisfy { $0.check.outcome == .ok })
        #expect(Set(asked).count == 10 && asked.count == 10)
        // An answer takes 20 ms.
        #expect(milliseconds == 40)
    }

    @Test func `where all have ended, the host sees no more wrong keys than it may`() async throws {
        bed.provider.behaviour { $0.refusesEverybody = true }
        let (reports, asked, _) = try await check()
        #expect(asked.count == 3)
        #expect(reports.count { $0.check.outcome == .badCredentials } == 3)
        #expect(reports.count { $0.check.cause == .othersRefused } == 7)
    }

    @Test func `where one of the first has ended, the others are asked for a few at a time`() async throws {
        bed.provider.change(bed.first) { $0.isDead = true }
        let (reports, asked, milliseconds) = try await check()
        #expect(Set(asked).count == 10 && asked.count == 10)
        #expect(reports.count { $0.check.outcome == .ok } == 9)
        // Three, then two at a time.
        #expect(milliseconds == 100)
    }
}
