import Credentials
import Foundation
import Synchronization
import Testing

@testable import rekeep_courier

/// A provider's limit, kept by several couriers at once.
struct PaceTests {
    private let path = NSTemporaryDirectory() + "rekeep-pace-" + UUID().uuidString
    private let limit = Profile.Limit(requests: 5, per: Span(seconds: 1), scope: .host)

    private func pace() -> Pace { Pace(PaceStore(file: PaceFile(path: path))) }

    private func remove() { try? FileManager.default.removeItem(atPath: path) }

    @Test func `two processes together never send more than the limit, whatever the network does`() async throws {
        defer { remove() }
        let paces = [pace(), pace()]
        // A request arrives some time between its leave and its answer.
        let arrivals: [ContinuousClock.Instant] = await withTaskGroup(of: ContinuousClock.Instant?.self) { group in
            for number in 0..<13 {
                group.addTask {
                    let pace = paces[number % 2]
                    guard case .permit(let taken) = await pace.enter(key: "k\(number)", host: "h", limit: limit) else {
                        return nil
                    }
                    try? await Task.sleep(for: .milliseconds(number * 29 % 80))
                    let arrival = ContinuousClock.now
                    try? await Task.sleep(for: .milliseconds(number * 17 % 60))
                    pace.leave(taken, retryAfter: nil)
                    return arrival
                }
            }
            var found: [ContinuousClock.Instant] = []
            for await case let arrival? in group { found.append(arrival) }
            return found.sorted()
        }
        #expect(arrivals.count == 13)
        for (first, sixth) in zip(arrivals, arrivals.dropFirst(5)) { #expect(sixth - first >= .seconds(1)) }
    }

    @Test func `one that died gives its permit back by itself, and not before its call could end`() {
        var record = PaceRecord()
        guard case .taken(0) = record.take(of: 1, period: 1000, now: 5_000) else {
            Issue.record("a free permit is not given")
            return
        }
        guard case .full(let wait) = record.take(of: 1, period: 1000, now: 20_000) else {
            Issue.record("a taken permit is given")
            return
        }
        #expect(wait == 6_000)
        guard case .taken = record.take(of: 1, period: 1000, now: 26_000) else {
            Issue.record("the permit of a dead one is never given back")
            return
        }
    }

    @Test func `what a provider asks for counts for every process`() async throws {
        defer { remove() }
        let (one, other) = (pace(), pace())
        guard case .permit(let taken) = await one.enter(key: "k", host: "h", limit: limit) else { return }
        one.leave(taken, retryAfter: Span(seconds: 30))
        guard case .blocked(let seconds) = await other.enter(key: "x", host: "h", limit: limit) else {
            Issue.record("it was not blocked")
            return
        }
        #expect((29...30).contains(seconds))
        guard case .permit = await other.enter(key: "x", host: "another", limit: limit) else {
            Issue.record("another host was blocked")
            return
        }
    }

    @Test func `whoever asked hears that a request waits`() async throws {
        let signs = Mutex(0)
        let pace = Pace { signs.withLock { $0 += 1 } }
        let slow = Profile.Limit(requests: 3, per: Span(seconds: 11), scope: .host)
        for number in 0..<3 {
            guard case .permit(let taken) = await pace.enter(key: "k\(number)", host: "h", limit: slow) else { return }
            pace.leave(taken, retryAfter: nil)
        }
        #expect(signs.withLock { $0 } == 0)
        _ = await pace.enter(key: "k", host: "h", limit: slow)
        #expect(signs.withLock { $0 } == 1)
    }

    @Test func `no change of one thread takes another's back`() async throws {
        defer { remove() }
        let file = try #require(PaceFile(path: path))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<500 { file.change("host h") { $0.notBefore += 1 } } }
            }
        }
        #expect(file.change("host h") { $0.notBefore } == 4000)
    }

    @Test func `no key is in the file`() async throws {
        defer { remove() }
        let pace = pace()
        let byKey = Profile.Limit(requests: 1, per: Span(seconds: 1), scope: .key)
        _ = await pace.enter(key: "fake-live-key-of-mine", host: "h", limit: byKey)
        let content = try Data(contentsOf: URL(filePath: path))
        #expect(content.count > 4096 && content.range(of: Data("fake-live".utf8)) == nil)
    }

    @Test func `a file that is somebody's trick is not used, and nobody waits for it`() throws {
        defer { remove() }
        mkfifo(path, 0o600)
        #expect(PaceFile(path: path) == nil)
        remove()
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/hostname")
        #expect(PaceFile(path: path) == nil)
        remove()
        try Data(repeating: 0xFF, count: 100_000).write(to: URL(filePath: path))
        chmod(path, 0o666)
        #expect(PaceFile(path: path) == nil)
        chmod(path, 0o600)
        // Whatever it holds: it is not of this boot.
        let file = try #require(PaceFile(path: path))
        let isFree = file.change("host h") { record in
            if case .taken = record.take(of: 1, period: 1000, now: 10) { true } else { false }
        }
        #expect(isFree == true)
    }
}

struct RetryAfterTests {
    private func seconds(_ value: String) -> Int? {
        RetryAfter.seconds(
            in: Answer(status: 429, headers: [("retry-after", value)], body: []),
            now: Date(timeIntervalSince1970: 784_111_777))
    }

    @Test func `seconds and dates are read, nonsense is not`() {
        #expect(seconds("30") == 30 && seconds(" 0 ") == 0)
        #expect(seconds("99999999999999999999999") == 3600)
        #expect(seconds("Sun, 06 Nov 1994 08:49:47 GMT") == 10)
        #expect(seconds("Sun, 06 Nov 1994 08:49:07 GMT") == 0)
        for wrong in ["", "-1", "soon", "1.5", "0x10"] { #expect(seconds(wrong) == nil, "\(wrong)") }
    }
}
