internal import CLinux
internal import Dispatch
internal import Files
internal import FoundationEssentials
internal import Glibc
internal import Providers
internal import Sealing
internal import Synchronization

/// The only program that opens a network socket: questions in on a pipe, outcomes out.
@main
struct RekeepCourier {
    /// How many questions are held at once; most of them wait for their provider's limit, and are in nobody's way.
    private static let mostQuestions = 4096
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
                pace: Pace(PaceStore(file: paceFile)) { say(Data(CourierSign.waiting.utf8)) }),
            missingLayers: missingLayers
        ).replyToAll()
    }

    private static func value(of name: String, in arguments: ArraySlice<String>) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.endIndex else { return nil }
        return arguments[index + 1]
    }

    private func replyToAll() {
        let free = DispatchSemaphore(value: Self.mostQuestions)
        let underWay = DispatchGroup()
        while let line = readLine() {
            free.wait()
            underWay.enter()
            Task.detached {
                await reply(to: line)
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

    private func reply(to line: String) async {
        guard let numbered = try? JSONDecoder().decode(NumberedQuestion.self, from: Data(line.utf8)) else { return }
        let id = numbered.id
        switch numbered.question {
        case .describe(let provider): write(courier.catalog.describe(provider, question: id))
        case .validate(let file, let content): write(ProfileCatalog.validate(content, of: file, question: id))
        case .balance(let call): write(await courier.balance(call, id))
        case .issue(let call): write(await courier.issue(call, id))
        case .revoke(let call): write(await courier.revoke(call, id))
        case nil: write(CourierReply(id: id, refusal: .malformedQuestion))
        }
    }

    private func write(_ reply: CourierReply) {
        var reply = reply
        reply.missingLayers = missingLayers.isEmpty ? nil : missingLayers
        guard let line = try? JSONEncoder().encode(reply) else { return }
        Self.say(line)
    }

    private static func say(_ line: Data) {
        let whole = Array(line) + [UInt8(ascii: "\n")]
        // Lines of several tasks must not mix.
        output.withLock { _ in
            guard (try? Descriptors.writeAll(STDOUT_FILENO, whole[...])) != nil else { exit(1) }
        }
    }

    private static let output = Mutex(())
}
