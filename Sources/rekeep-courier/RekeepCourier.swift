internal import CLinux
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

    static func main() async {
        _ = ProcessGuard.raise()
        _ = linux_set_no_new_privileges()
        _ = linux_die_with_parent(SIGKILL)
        _ = linux_close_from(3)
        let environment = ProcessInfo.processInfo.environment
        let arguments = CommandLine.arguments.dropFirst()
        let ownProfiles = arguments.first == "--profiles" ? arguments.dropFirst().first : nil
        let courier = Courier(
            shelf: ProfileShelf(ownDirectory: ownProfiles), transport: Transport(environment: environment))
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            while let line = readLine() {
                if underWay == inFlight {
                    await group.next()
                    underWay -= 1
                }
                underWay += 1
                group.addTask { await answer(line, courier) }
            }
        }
        await courier.transport.shutdown()
    }

    private static func answer(_ line: String, _ courier: Courier) async {
        guard let question = try? JSONDecoder().decode(Question.self, from: Data(line.utf8)) else { return }
        switch question.ask {
        case "describe": write(courier.shelf.describe(question.provider, question: question.id))
        case "validate": write(ProfileShelf.validate(question.file ?? "", question: question.id))
        case "balance": write(await courier.balance(question))
        case "issue": write(await courier.issue(question))
        case "revoke": write(await courier.revoke(question))
        default: write(CourierAnswer(id: question.id, refusal: .malformedQuestion))
        }
    }

    private static func write(_ answer: CourierAnswer) {
        guard var line = try? JSONEncoder().encode(answer) else { return }
        line.append(UInt8(ascii: "\n"))
        let whole = Array(line)
        // Answers of several tasks must not mix.
        output.withLock { _ in
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
