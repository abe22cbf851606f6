import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// What is known of each key after an answer: nobody is told that a refused key works, or to end the only good one.
struct KnowledgeTests {
    private static let many = AttemptBudget(most: 100, per: Span(seconds: 600))

    /// Five rotations, and time until their wrong keys are forgotten.
    private static func sixKeys(of house: House) async throws -> [String] {
        var keys = [house.first]
        for _ in 0..<5 {
            keys.append(house.provider.issue())
            _ = try await house.rotate(to: keys[keys.count - 1])
        }
        house.time.pass(601_000)
        return keys
    }

    @Test func `a retire that meets a dead current key tells which one works, and status knows`() async throws {
        let house = try await House(attempts: Self.many)
        _ = try await house.rotate(to: house.provider.issue())
        _ = try await house.keeper.rotations.rollBack(house.reference)
        house.provider.change(house.first) { $0.isDead = true }
        await #expect {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        } throws: {
            if case OperationError.currentNotAccepted(_, _, accepted: 2) = $0 { true } else { false }
        }
        let status = try house.status()
        #expect(status.flags.contains(.refused))
        #expect(status.accepted.map(\.number) == [2])
    }

    @Test func `where both keys are dead, none is called accepted`() async throws {
        let house = try await House(attempts: Self.many)
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        house.provider.change(second) { $0.isDead = true }
        #expect(try await house.check().accepted == [1])
        house.provider.change(house.first) { $0.isDead = true }
        // In the same second.
        #expect(try await house.check().accepted == [])
        let status = try house.status()
        #expect(status.accepted.isEmpty)
        #expect(!status.flags.contains(.oldKeyAlive))
        house.provider.change(house.first) { $0.isDead = false }
        #expect(try await house.check().accepted == [1])
    }

    @Test func `what a pre-flight learns of the current key is kept`() async throws {
        let house = try await House(attempts: Self.many)
        house.provider.change(house.first) { $0.isDead = true }
        _ = try await house.plan()
        #expect(try house.status().flags.contains(.refused))
        house.provider.change(house.first) { $0.isDead = false }
        _ = try await house.plan()
        #expect(try house.status().flags.contains(.refused) == false)
    }

    @Test func `refusals while the current key is refused too bring no old key nearer to its end`() async throws {
        let house = try await House(attempts: Self.many)
        _ = try await house.rotate(to: house.provider.issue())
        house.provider.behaviour { $0.refusesEverybody = true }
        for _ in 0..<2 {
            await #expect(throws: OperationError.self) {
                try await house.keeper.rotations.retire(house.reference, revoking: false)
            }
            house.time.pass(61_000)
        }
        house.provider.behaviour { $0.refusesEverybody = false }
        house.provider.change(house.first) { $0.isDead = true }
        await #expect {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        } throws: {
            if case OperationError.refusedOnce = $0 { true } else { false }
        }
        #expect(try house.value(1) == house.first)
    }

    @Test func `of many old keys no more are asked than the host may see, and none while the current one is dead`()
        async throws
    {
        let house = try await House()
        let keys = try await Self.sixKeys(of: house)
        for key in keys.dropLast() { house.provider.change(key) { $0.isDead = true } }
        var before = house.provider.wrongAttempts
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        }
        #expect(house.provider.wrongAttempts - before == 3)
        house.time.pass(601_000)
        house.provider.change(keys[5]) { $0.isDead = true }
        before = house.provider.wrongAttempts
        await #expect(throws: OperationError.self) {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        }
        #expect(house.provider.wrongAttempts - before == 1)
    }

    @Test func `where the host may see no wrong key, no old one is asked`() async throws {
        let house = try await House()
        let keys = try await Self.sixKeys(of: house)
        for key in keys.dropLast() { house.provider.change(key) { $0.isDead = true } }
        for _ in 0..<3 { try house.keeper.prober.takeAttempt(house.credential().terms) }
        let before = house.provider.wrongAttempts
        await #expect {
            try await house.keeper.rotations.retire(house.reference, revoking: false)
        } throws: {
            if case OperationError.attemptsSpent = $0 { true } else { false }
        }
        #expect(house.provider.wrongAttempts == before)
    }

    @Test func `the one old key that lives is found in the end, and until then it is said what was not tried`()
        async throws
    {
        let house = try await House()
        let keys = try await Self.sixKeys(of: house)
        for key in keys where key != keys[1] { house.provider.change(key) { $0.isDead = true } }
        let before = house.provider.wrongAttempts
        let first = try await house.check()
        #expect(house.provider.wrongAttempts - before == 3)
        #expect(first.accepted.isEmpty && first.untried == [3, 2, 1])
        #expect(try house.status().accepted.isEmpty)
        house.time.pass(601_000)
        // Those that were not refused yet come first.
        let second = try await house.check()
        #expect(second.accepted == [2])
        #expect(try house.status().accepted.map(\.number) == [2])
    }

    @Test func `no new credential is tried at a host that has seen enough wrong keys`() async throws {
        let house = try await House(attempts: AttemptBudget(most: 2, per: Span(seconds: 600)))
        func add(_ key: String) async throws {
            _ = try await house.keeper.registry.add(
                AddRequest(
                    address: Address("cron/live/scripted"), terms: house.credential().terms, hasOwnBaseURL: true,
                    values: ["token": SecretBytes(key.utf8)], checks: true, proof: House.proof(), prefix: nil,
                    maxAge: nil, expires: nil, note: "", account: ""))
        }
        let before = house.provider.wrongAttempts
        for number in 1...4 { await #expect(throws: OperationError.self) { try await add("fake-wrong-\(number)") } }
        #expect(house.provider.wrongAttempts - before == 1)
        house.time.pass(601_000)
        try await add(house.provider.issue())
    }

    @Test func `a key that comes back while the old one is known to be dead has no grace to wait for`() async throws {
        let house = try await House(attempts: Self.many)
        let second = house.provider.issue()
        _ = try await house.rotate(to: second)
        house.provider.change(second) { $0.isDead = true }
        let report = try await house.comeBack(to: 1)
        #expect(report.rotation.state == .retiring)
        #expect(report.rotation.graceUntil == nil)
    }

    @Test(arguments: [Terms.Mode.overlap, .cutover])
    func `an old key without an answer is no way past the question whose account it is`(mode: Terms.Mode) async throws {
        let house = try await House(ScriptedProvider.Behaviour(namesAccount: false), mode: mode)
        let foreign = house.provider.issue("acct-2", balance: "5.00")
        // What it showed before the new key was there is still known.
        await #expect {
            let plan = try await house.plan()
            house.provider.behaviour { $0.isSilentFor = house.first }
            try house.keeper.rotations.stage(
                plan, values: ["token": SecretBytes(foreign.utf8)], expires: nil, options: House.proof())
            _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        } throws: {
            if case OperationError.otherAccount = $0 { true } else { false }
        }
        #expect(try house.current() == house.first)
        guard mode == .overlap else { return }
        await #expect {
            try await house.keeper.rotations.resume(house.reference, options: House.proof())
        } throws: {
            if case OperationError.indeterminate = $0 { true } else { false }
        }
        _ = try await house.keeper.rotations.resume(house.reference, options: House.proof { old, _ in old.isEmpty })
        #expect(try house.current() == foreign)
    }

    @Test func `one amount in two spellings is no other account`() async throws {
        let house = try await House(ScriptedProvider.Behaviour(namesAccount: false))
        _ = try await house.rotate(to: house.provider.issue(balance: "100.0"))
        _ = try await house.rotate(to: house.provider.issue(balance: "0100"))
        let money = ["-0.0", "12.50", "007", ".5", "1000"].map { Money(amount: $0, currency: nil)?.normalized.amount }
        #expect(money == ["0", "12.5", "7", nil, "1000"])
    }

    @Test func `a provider that issues the key that there is has issued none`() async throws {
        let house = try await House()
        house.provider.behaviour { $0.issued = house.first + "\n" }
        await #expect(throws: OperationError.issuedOld(panelPath: "Account > Keys")) {
            try await house.keeper.rotations.stageIssued(try await house.plan(), expires: nil, options: House.proof())
        }
        #expect(try house.credential().versions.count == 1)
        #expect(try house.journal()?.state == .aborted)
        #expect(house.keeper.store.vault.emergencyFiles().isEmpty)
    }

    @Test func `an issued key has no white space round it, and is otherwise as it came`() async throws {
        let house = try await House()
        let key = house.provider.issue()
        house.provider.behaviour { $0.issued = key + "\n" }
        let plan = try await house.plan()
        try await house.keeper.rotations.stageIssued(plan, expires: nil, options: House.proof())
        _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        #expect(try house.current() == key)
    }

    @Test func `a key from an emergency file is the one that its rotation waits for`() async throws {
        let house = try await House()
        let key = house.provider.issue()
        let plan = try await house.plan()
        try house.keeper.rotations.begin(plan)
        func leave() throws {
            let file = try house.keeper.store.vault.reserveEmergencyFile()
            try file.fill(
                IssuedValues(
                    credential: house.credential().id, values: ["token": SecretBytes(key.utf8)], expires: nil,
                    at: house.time.clock.now))
        }
        try leave()
        let found = house.keeper.rotations.takeInEmergencyFiles()
        #expect(found.left.isEmpty && found.taken.map(\.isStaged) == [true])
        _ = try await house.keeper.rotations.finish(plan, options: House.proof())
        #expect(try house.current() == key)
        // The same again: it is known.
        try leave()
        #expect(house.keeper.rotations.takeInEmergencyFiles().taken.isEmpty)
        #expect(house.keeper.store.vault.emergencyFiles().isEmpty)
    }

    @Test func `an old key that another credential uses is not said to be of no use`() async throws {
        let house = try await House()
        let other = try Address("cron/live/scripted")
        _ = try await house.keeper.registry.add(
            AddRequest(
                address: other, terms: house.credential().terms, hasOwnBaseURL: true,
                values: ["token": SecretBytes(house.first.utf8)], checks: true, proof: House.proof(), prefix: nil,
                maxAge: nil, expires: nil, note: "", account: ""))
        _ = try await house.rotate(to: house.provider.issue())
        let reports = try house.keeper.overview.status([])
        #expect(reports.first { $0.address == house.address }?.oldKeyUser == other)
        #expect(reports.first { $0.address == other }?.oldKeyUser == nil)
    }

    @Test func `a clock that was ahead makes no dead key look alive`() async throws {
        let house = try await House(attempts: Self.many)
        let second = house.provider.issue()
        house.time.set(by: 10_000_000_000)
        _ = try await house.rotate(to: second)
        house.time.set(by: -10_000_000_000)
        house.provider.change(second) { $0.isDead = true }
        house.provider.behaviour { $0.isSilentFor = house.first }
        #expect(try await house.check().accepted == [])
        #expect(try house.status().accepted.isEmpty)
    }

    @Test func `where the keys of a host have ended together, no more are tried than it may see wrong ones`()
        async throws
    {
        let house = try await House()
        var keys = [house.first]
        for number in 1...9 {
            keys.append(house.provider.issue())
            _ = try await house.keeper.registry.add(
                AddRequest(
                    address: Address("app\(number)/live/scripted"), terms: house.credential().terms,
                    hasOwnBaseURL: true,
                    values: ["token": SecretBytes(keys[number].utf8)], checks: true, proof: House.proof(), prefix: nil,
                    maxAge: nil, expires: nil, note: "", account: ""))
        }
        // A provider that gives no answer is not asked in small steps: each takes as long as the longest wait.
        house.provider.behaviour { $0.outages = 10 }
        let start = house.time.monotonic
        #expect(try await house.keeper.prober.check([]) { _, _ in }.allSatisfy { $0.check.outcome == .providerDown })
        #expect(house.time.monotonic - start == 2 * 20)
        // All live: each is asked for once.
        var asked = house.provider.asked.count
        #expect(try await house.keeper.prober.check([]) { _, _ in }.allSatisfy { $0.check.outcome == .ok })
        #expect(house.provider.asked.count - asked == 10)
        house.time.pass(601_000)
        for key in keys { house.provider.change(key) { $0.isDead = true } }
        let before = house.provider.wrongAttempts
        var reports = try await house.keeper.prober.check([]) { _, _ in }
        #expect(house.provider.wrongAttempts - before == 3)
        #expect(reports.count { $0.check.outcome == .badCredentials } == 3)
        #expect(reports.count { $0.check.outcome == .unknown } == 7)
        // What was not asked for is not known to be refused, and one more is tried at most.
        #expect(try house.keeper.overview.status([]).count { $0.flags.contains(.refused) } == 3)
        reports = try await house.keeper.prober.check([]) { _, _ in }
        #expect(house.provider.wrongAttempts - before == 4)
        // When they live again, that is found out.
        house.time.pass(601_000)
        for key in keys { house.provider.change(key) { $0.isDead = false } }
        // Of four that were refused three are tried; then there is room for the last.
        asked = house.provider.asked.count
        reports = try await house.keeper.prober.check([]) { _, _ in }
        #expect(reports.count { $0.check.outcome == .ok } == 9)
        reports = try await house.keeper.prober.check([]) { _, _ in }
        #expect(reports.allSatisfy { $0.check.outcome == .ok })
        #expect(house.provider.asked.count - asked == 19)
        #expect(try house.keeper.overview.status([]).allSatisfy { !$0.flags.contains(.refused) })
    }
}
