internal import CLinux
internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Providers
internal import Sealing
internal import Synchronization

/// The only program of the house that opens a network socket: questions in on a pipe, outcomes out.
@main
struct RekeepCourier {
    /// How many calls may be under way at once.
    private static let inFlight = 64

    let courier: Courier
    /// What the kernel does not confine this process with.
    let missingLayers: [Confinement.Layer]

    // Not asynchronous: the runtime may then start threads before it comes here, which Landlock would not confine.
    static func main() {
        _ = ProcessGuard.raise()
        _ = linux_set_no_new_privileges()
        _ = linux_die_with_parent(SIGKILL)
        _ = linux_close_from(3)
        let environment = ProcessInfo.processInfo.environment
        let arguments = CommandLine.arguments.dropFirst()
        let ownProfiles = value(of: "--profiles", in: arguments)
        let paceFile = value(of: "--pace", in: arguments).flatMap { PaceFile(path: $0) }
        let needs = NeededFiles(ownProfiles: ownProfiles, environment: environment)
        let missingLayers = Confinement.leaveNetworkOnly(reading: needs.paths)
        RekeepCourier(
            courier: Courier(
                catalog: ProfileCatalog(ownDirectory: ownProfiles), transport: Transport(environment: environment),
                pace: Pace(PaceStore(file: paceFile))),
            missingLayers: missingLayers
        ).answerAll()
    }

    private static func value(of name: String, in arguments: ArraySlice<String>) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.endIndex else { return nil }
        return arguments[index + 1]
    }

    private func answerAll() {
        let free = DispatchSemaphore(value: Self.inFlight)
        let underWay = DispatchGroup()
        while let line = readLine() {
            free.wait()
            underWay.enter()
            Task.detached {
                await answer(line)
                free.signal()
                underWay.leave()
            }
        }
        underWay.wait()
        underWay.enter()
        Task.detached {
            await courier.transport.shutdown()
            underWay.leave()
        }
        underWay.wait()
    }

    private func answer(_ line: String) async {
        guard let question = try? JSONDecoder().decode(Question.self, from: Data(line.utf8)) else { return }
        switch question.ask {
        case "describe": write(courier.catalog.describe(question.provider, question: question.id))
        case "validate":
            write(
                ProfileCatalog.validate(question.content ?? "", of: question.file ?? "", question: question.id))
        case "balance": write(await courier.balance(question))
        case "issue": write(await courier.issue(question))
        case "revoke": write(await courier.revoke(question))
        default: write(CourierReply(id: question.id, refusal: .malformedQuestion))
        }
    }

    private func write(_ answer: CourierReply) {
        var answer = answer
        answer.missingLayers = missingLayers.isEmpty ? nil : missingLayers
        guard var line = try? JSONEncoder().encode(answer) else { return }
        line.append(UInt8(ascii: "\n"))
        let whole = Array(line)
        // Answers of several tasks must not mix.
        Self.output.withLock { _ in
            var rest = whole[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
                guard count > 0 else { exit(1) }
                rest = rest.dropFirst(count)
            }
        }
    }

    private static let output = Mutex(())
}
