import Credentials
import Providers
import Sealing
import Testing
import Vault

@testable import Operations

/// Random schedules of rotations, kills, dying keys and bad answers; after each step what must hold is looked at.
struct RotationModelTests {
    /// Splitmix64: the same seed, the same schedule.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private final class Schedule {
        var dice: Dice
        let bed: TestBed
        var issued: [String]
        /// What was pasted and taken: from then on it is never lost.
        var taken: Set<String>
        var steps: [String] = []

        init(seed: UInt64) async throws {
            dice = Dice(state: seed)
            let mode: Terms.Mode = Bool.random(using: &dice) ? .cutover : .overlap
            bed = try await TestBed(
                ScriptedProvider.Behaviour(hasOneKey: mode == .cutover, namesAccount: Bool.random(using: &dice)),
                mode: mode, attempts: AttemptBudget(most: 1000, per: Span(seconds: 600)), window: 5)
            issued = [bed.first]
            taken = [bed.first]
        }

        /// One thing that somebody, the provider or fate does.
        func step() async throws {
            let kind = Int.random(in: 0..<12, using: &dice)
            steps.append("\(kind)")
            // A kill while the provider answers: what is on the disk then is what counts, if it is to be one.
            let isKilled = Int.random(in: 0..<4, using: &dice) == 0
            let moment = Int.random(in: 0..<3, using: &dice)
            let bed = bed
            if isKilled {
                let countdown = Countdown(moment)
                let kill = bed.kill
                bed.provider.onAnswer { if countdown.isUp { kill.remember() } }
            }
            let before = taken
            do {
                try await act(kind)
            } catch is OperationError {
                // Refusals and outages are answers too.
            }
            bed.provider.onAnswer(nil)
            bed.provider.behaviour { $0.outages = 0 }
            if isKilled, bed.kill.isRemembered {
                steps.append("killed")
                try bed.wakeUp()
                // What was pasted in the step may not have been taken yet: whoever pasted it has it still.
                taken = before
                for key in issued where try holds(key) { taken.insert(key) }
            }
            try look()
        }

        private func act(_ kind: Int) async throws {
            switch kind {
            case 0...3:
                let plan = try await bed.plan()
                let key = bed.provider.issue(activeIn: Int64.random(in: 0...3_000, using: &dice))
                issued.append(key)
                if kind == 3 { bed.provider.behaviour { $0.outages = 6 } }
                try bed.keeper.rotations.stage(
                    plan, values: ["token": SecretBytes(key.utf8)], expires: nil, options: TestBed.proof())
                taken.insert(key)
                _ = try await bed.keeper.rotations.finish(plan, options: TestBed.proof())
            case 4: _ = try await bed.keeper.rotations.resume(bed.reference, options: TestBed.proof())
            case 5: _ = try await bed.keeper.rotations.abort(bed.reference)
            case 6: _ = try await bed.keeper.rotations.rollBack(bed.reference)
            case 7:
                let kept = try bed.credential().kept.map(\.number)
                if let number = kept.randomElement(using: &dice) { _ = try await bed.comeBack(to: number) }
            case 8:
                bed.time.pass(61_000)
                _ = try await bed.keeper.rotations.retire(bed.reference, revoking: false)
            case 9: _ = try await bed.check()
            case 10:
                if let key = issued.randomElement(using: &dice) { bed.provider.change(key) { $0.isDead = true } }
            default: bed.time.pass(Int64.random(in: 0...100_000, using: &dice))
            }
        }

        private func holds(_ key: String) throws -> Bool {
            let credential = try bed.credential()
            let fingerprint = try bed.keeper.store.read { snapshot throws(VaultError) in
                snapshot.fingerprint(of: SecretBytes(key.utf8))
            }
            return credential.versions.contains { $0.fingerprints["token"] == fingerprint }
        }

        /// What must hold at any moment.
        private func look() throws {
            let trace = Comment(rawValue: steps.joined(separator: " "))
            let credential = try bed.credential()
            #expect(credential.versions.count { $0.state == .current } == 1, trace)
            #expect(credential.versions.count { $0.state == .pending } <= 1, trace)
            #expect(try bed.keeper.custodian.verify().findings == [], trace)
            for key in taken { #expect(try holds(key), trace) }
            // A key that lives is never erased.
            for version in credential.versions where version.isRetired {
                for key in issued where bed.provider.isAlive(key) {
                    let fingerprint = try bed.keeper.store.read { snapshot throws(VaultError) in
                        snapshot.fingerprint(of: SecretBytes(key.utf8))
                    }
                    #expect(version.fingerprints["token"] != fingerprint, trace)
                }
            }
        }

        /// However it came: if any kept key works, a person gets it back.
        func recover() async throws {
            let trace = Comment(rawValue: steps.joined(separator: " "))
            bed.time.pass(10_000)
            let alive = try taken.filter { key in try holds(key) && bed.provider.isAlive(key) }
            guard !alive.isEmpty else { return }
            let report = try await bed.check()
            if report.check.outcome == .ok { return }
            let number = try #require(report.accepted.first, trace)
            #expect(try bed.status().accepted.map(\.number).contains(number), trace)
            _ = try await bed.comeBack(to: number)
            #expect(try alive.contains(bed.current()), trace)
        }
    }

    @Test(arguments: UInt64(0)..<40)
    func `whatever happens, a working key is within reach`(seed: UInt64) async throws {
        let schedule = try await Schedule(seed: seed)
        for _ in 0..<25 { try await schedule.step() }
        try await schedule.recover()
    }
}
