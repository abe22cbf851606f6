import ArgumentParser
import CLinux
import Credentials
import Delivery
import Glibc
import Operations
import Sealing

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a program with the variables of a deployment.",
        discussion: """
            The program takes the place of rekeep: same process, its own exit status. Nothing is written to disk.

            EXAMPLE
              rekeep exec billing-cron/live -- php /srv/billing/cron.php
            """)

    @Argument(help: "APPLICATION/ENVIRONMENT")
    var deployment: String

    @Option(help: "Whose variable names: plain, or a panel's.")
    var preset = "plain"

    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var command: [String]

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Name the program after --.") }
    }

    /// Never returns when the program could be started.
    /// - Parameter guarding: lowered at the last moment, so that the program inherits what it would have without us.
    func run(lowering guarding: ProcessGuard) throws {
        let keeper = try Opening(settings: options.settings).keeper()
        let deployment = try Deployment(deployment)
        let variables = try keeper.deliverer.variables(deployment, preset: try Preset.ofOption(preset))
        guard !variables.isEmpty else { throw OperationError.emptyDeployment(deployment) }
        keeper.deliverer.noteUse(of: deployment)
        let assignments = variables.map { variable in
            var assignment = SecretWriter(capacity: variable.value.count + 64)
            assignment.append(variable.name.utf8)
            assignment.append(UInt8(ascii: "="))
            variable.value.withBytes { assignment.append($0) }
            return assignment.finish()
        }
        TerminalMode.end()
        guarding.lower()
        let cause = Self.replaceProcess(command, assignments, replacing: Set(variables.map(\.name)))
        throw CommandError.programNotFound(command[0], errno: cause)
    }

    /// - Returns: errno, when the program could not be started.
    private static func replaceProcess(
        _ command: [String], _ assignments: [SecretBytes], replacing names: Set<String>
    ) -> Int32 {
        let arguments = command.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = []
        var pointer = environ
        while let variable = pointer.pointee {
            let name = String(cString: variable).prefix { $0 != "=" }
            if !names.contains(String(name)) { environment.append(variable) }
            pointer += 1
        }
        for assignment in assignments {
            assignment.withCString { environment.append(UnsafeMutablePointer(mutating: $0)) }
        }
        environment.append(nil)
        return withExtendedLifetime(assignments) {
            _ = linux_execvpe(command[0], arguments, environment)
            return errno
        }
    }
}
