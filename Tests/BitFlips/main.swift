import Credentials
import Glibc
import Sealing
import Vault

// Flips bits of a vault, one at a time, and tells what reading all of it comes to, by class: each flip is either
// noticed or harmless, which means that the content is the same. Usage:
//   bit-flips VAULT IDENTITY STATEDIR FIRST STRIDE     the bits FIRST, FIRST+STRIDE, … of VAULT
// STATEDIR is one of its own, which is emptied before each reading.
// With a VAULT-journal beside it, which a killed writer left, it is the journal's bits that are flipped.
// Prints lines of `COUNT CLASS`; ends with 1 when anything else came out. The files are changed: give it copies.

let arguments = CommandLine.arguments
guard arguments.count == 6, let first = Int(arguments[4]), let stride = Int(arguments[5]), stride > 0 else {
    print("usage: bit-flips VAULT IDENTITY STATEDIR FIRST STRIDE")
    exit(64)
}
let path = arguments[1]
let journalPath = path + "-journal"

func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    return read(descriptor, &bytes, bytes.count) == bytes.count ? bytes : nil
}

func put(_ bytes: [UInt8], _ path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count,
        ftruncate(descriptor, off_t(bytes.count)) == 0
    else { exit(74) }
    close(descriptor)
}

func put(_ byte: UInt8, at offset: Int, _ path: String) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0, [byte].withUnsafeBytes({ pwrite(descriptor, $0.baseAddress, 1, off_t(offset)) }) == 1 else {
        exit(74)
    }
    close(descriptor)
}

guard let identityFile = contents(of: arguments[2]),
    let identity = IdentityFile.identity(from: SecretBytes(identityFile))
else {
    print("not an identity: \(arguments[2])")
    exit(66)
}

/// Forgets what this machine knows of vaults.
func emptyState() {
    guard let directory = opendir(arguments[3]) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix(".") { unlink(arguments[3] + "/" + name) }
    }
}

/// Everything that a vault holds, as one number, or the class of what is wrong with it.
func reading() -> (digest: Int?, class: String) {
    do {
        let file = try VaultFile(path: path)
        // What the last reading saw must not speak against this one.
        emptyState()
        let vault = try file.open(with: .identity(identity), stateDirectory: arguments[3])
        if let damage = try vault.verify().findings.first { return (nil, damage.name) }
        return try vault.read { snapshot throws(VaultError) in
            // In no particular order, so that the sum of all is compared.
            var sum = 0
            func add(_ value: some Hashable) { sum &+= value.hashValue }
            try snapshot.forEachCredential { credential throws(VaultError) in
                add(credential)
                for version in credential.versions where !version.isRetired {
                    for name in version.fingerprints.names {
                        let secret = try snapshot.secret(name, of: version, in: credential.id)
                        add(secret.withBytes { [credential.id.bytes, Array(name.utf8), Array($0)] })
                    }
                }
            }
            try snapshot.forEachDeployment { add($0) }
            try snapshot.forEachRotation { add($0) }
            try snapshot.forEachLogEntry { add($0) }
            for policy in try snapshot.policies() { add(policy) }
            for slot in try snapshot.slots() { add(slot) }
            return (sum, "")
        }
    } catch {
        return (nil, error.damageClass ?? "\(error)")
    }
}

let database = contents(of: path)
let journal = contents(of: journalPath)
guard let database else { exit(66) }
/// Without the journal stands what the killed writer wrote; rolled back, what was before.
var known: [(digest: Int, name: String)] = []
if let journal {
    unlink(journalPath)
    if let digest = reading().digest { known.append((digest, "harmless: as after the write")) }
    put(database, path)
    put(journal, journalPath)
    guard let digest = reading().digest else { exit(65) }
    known.append((digest, "harmless: as before the write"))
} else {
    guard let digest = reading().digest else { exit(65) }
    known.append((digest, "harmless: the same content"))
}

var counts: [String: Int] = [:]
let flipped = journal ?? database
for bit in Swift.stride(from: first, to: flipped.count * 8, by: stride) {
    let byte = flipped[bit / 8] ^ (1 << UInt8(bit % 8))
    if let journal {
        put(database, path)
        put(journal, journalPath)
        put(byte, at: bit / 8, journalPath)
    } else {
        put(byte, at: bit / 8, path)
    }
    let found = reading()
    let name =
        if let digest = found.digest {
            known.first { $0.digest == digest }?.name ?? "OTHER CONTENT, bit \(bit)"
        } else {
            found.class
        }
    counts[name, default: 0] += 1
    if journal == nil { put(flipped[bit / 8], at: bit / 8, path) }
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    if journal == nil { unlink(journalPath) }
}
for (name, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(count) \(name)") }
exit(counts.keys.contains { $0.hasPrefix("OTHER") } ? 1 : 0)
