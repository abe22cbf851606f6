import Credentials
import Sealing
import Testing

@testable import Vault

/// Tables of so many rows that a second thread opens them.
struct ManyRowsTests {
    private static let count = 2500

    private func filled() throws -> Scratch {
        let scratch = try Scratch()
        let addresses = try (0..<Self.count).map { try Address("app\($0)/live/x") }
        try scratch.open().write { transaction throws(VaultError) in
            for (number, address) in addresses.enumerated() {
                var credential = Credential(
                    id: .random(), provider: "x", environment: "live", terms: Scratch.terms, hasOwnBaseURL: false,
                    bindings: [Binding(address: address, prefix: nil)],
                    versions: [
                        Version(
                            number: 1, state: .current, createdAt: Timestamp(seconds: 0), plain: [:], fingerprints: [:])
                    ], note: "\(number)")
                let fingerprint = try transaction.put(
                    secret: SecretBytes("fake-\(number)".utf8), field: "api_key", version: 1, of: credential.id)
                credential.update(version: 1) { $0.fingerprints["api_key"] = fingerprint }
                try transaction.put(credential)
            }
        }
        return scratch
    }

    /// Reads all credentials and hands the numbers in their notes over, as far as it came.
    private func numbers(_ scratch: Scratch) throws -> (numbers: [Int], error: VaultError?) {
        var numbers: [Int] = []
        let vault = try scratch.open()
        do throws(VaultError) {
            try vault.read { snapshot throws(VaultError) in
                try snapshot.forEachCredential { numbers.append(Int($0.note) ?? -1) }
            }
            return (numbers, nil)
        } catch {
            return (numbers, error)
        }
    }

    private func findings(_ scratch: Scratch) throws -> [Damage] { try scratch.open().verify().findings }

    @Test func `every row is handed over once and in the file's order`() throws {
        let scratch = try filled()
        let (numbers, error) = try numbers(scratch)
        #expect(error == nil && numbers == Array(0..<Self.count))
        let report = try scratch.open().verify()
        #expect(report.findings.isEmpty)
        #expect(report.rows.first { $0.table == "credential" }?.count == Self.count)
        #expect(report.rows.first { $0.table == "secret" }?.count == Self.count)
    }

    @Test(arguments: [1, 2, 700, 1024, 2400, 2500])
    func `one damaged row of many is found, after all those before it`(row: Int) throws {
        let scratch = try filled()
        try scratch.tamper(
            """
            UPDATE credential SET sealed = CAST(substr(sealed, 1, 99) || x'0000' || substr(sealed, 102) AS BLOB)
            WHERE rowid = \(row)
            """)
        let (numbers, error) = try numbers(scratch)
        #expect(error == .damaged(.record(table: "credential")) && numbers == Array(0..<row - 1))
        let report = try scratch.open().verify()
        #expect(report.findings.first == .record(table: "credential"))
        #expect(report.rows.first { $0.table == "credential" }?.count == Self.count)
    }

    @Test func `of two damaged rows the first one counts, whichever thread finds it`() throws {
        let scratch = try filled()
        // The second thread finds the first, and the reader the second.
        try scratch.tamper(
            "UPDATE credential SET revision = revision + 1 WHERE rowid = 1200; UPDATE credential SET id = x'00' WHERE rowid = 1210"
        )
        #expect(try numbers(scratch).numbers == Array(0..<1199))
        #expect(try numbers(scratch).error == .damaged(.record(table: "credential")))
        let other = try filled()
        try other.tamper(
            "UPDATE credential SET id = x'00' WHERE rowid = 1200; UPDATE credential SET revision = revision + 1 WHERE rowid = 1210"
        )
        #expect(try numbers(other).numbers == Array(0..<1199))
        #expect(try other.open().verify().rows.first { $0.table == "credential" }?.count == 1199)
    }

    @Test func `a missing row of many and one too many are found`() throws {
        let scratch = try filled()
        try scratch.tamper("DELETE FROM credential WHERE rowid = 1700")
        let (numbers, error) = try numbers(scratch)
        #expect(error == .damaged(.freshness(table: "credential")) && numbers.count == Self.count - 1)
        let other = try filled()
        try other.tamper(
            "INSERT INTO credential SELECT x'00112233445566778899aabbccddeeff', revision, sealed FROM credential LIMIT 1"
        )
        #expect(try self.numbers(other).numbers.count == Self.count)
        #expect(try findings(other).contains(.freshness(table: "credential")))
    }

    @Test(arguments: ["address", "deployment", "secret", "fingerprint"])
    func `verify finds one damaged row of many in each table`(table: String) throws {
        let scratch = try filled()
        try scratch.tamper(
            """
            UPDATE \(table) SET sealed = CAST(substr(sealed, 1, 20) || x'0000' || substr(sealed, 23) AS BLOB)
            WHERE rowid = 1800
            """)
        let findings = try findings(scratch)
        #expect(findings.contains(table == "secret" ? .secret : .record(table: table)))
        #expect(findings.contains(.freshness(table: table)))
    }

    @Test func `what the receiver throws ends the reading`() throws {
        let scratch = try filled()
        var count = 0
        #expect(throws: VaultError.cancelled) {
            try scratch.open().read { snapshot throws(VaultError) in
                try snapshot.forEachCredential { _ throws(VaultError) in
                    count += 1
                    if count == 1000 { throw .cancelled }
                }
            }
        }
        #expect(count == 1000)
    }
}
