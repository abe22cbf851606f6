import ArgumentParser
import Credentials
import Operations

struct Nightly: WaitingKeeperCommand {
    static let configuration = CommandConfiguration(
        commandName: "nightly",
        abstract: "Check, status, drift and verify in one go, for cron.",
        discussion: """
            Each part is done whatever the others find. Exits with 1 when anything is not well, with 69 when only \
            some answers were not usable. With -q it prints nothing when nothing is wrong.

            EXAMPLE
              rekeep nightly -q
            """)

    @OptionGroup var options: GlobalOptions

    func run(_ keeper: Keeper, _ console: Console) async throws -> any Rendering {
        let checks = await part {
            // A vault that is empty so far is well.
            let isEmpty = try keeper.registry.list([]).isEmpty
            return CheckRendering(reports: isEmpty ? [] : try await keeper.prober.check([]) { _, _ in })
        }
        let drift = await part { DriftRendering(reports: try keeper.deliverer.drift([])) }
        let status = await part {
            let reports = try keeper.overview.status([])
            return StatusRendering(reports: reports, total: reports.count)
        }
        let verify = await part { try Verify.report(keeper, console) }
        // Status last of the first three: it flags what they found.
        return NightlyRendering(parts: [("check", checks), ("drift", drift), ("status", status), ("verify", verify)])
    }

    /// Whatever becomes of one part, the others are looked at.
    private func part(_ body: () async throws -> any Rendering) async -> any Rendering {
        do {
            return try await body()
        } catch {
            return FailureRendering(complaint: Complaint(error) ?? Complaint("\(error)", ExitStatus.failed))
        }
    }
}
