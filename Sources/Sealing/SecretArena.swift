internal import CSodium
internal import Synchronization

/// Locked, guarded, non-dumpable memory from which every secret of the process is cut.
///
/// There is one for the process, as there is one heap: `sodium_malloc` costs about 30 µs and whole
/// pages, so secrets share large regions of it.
final class SecretArena: Sendable {
    static let process = SecretArena()

    /// A piece of a region; `granules` says how much of it must be given back.
    struct Piece: @unchecked Sendable {
        let bytes: UnsafeMutableRawPointer
        fileprivate let region: Int
        fileprivate let first: Int
        fileprivate let granules: Int
    }

    private static let granule = 64
    private static let usualRegion = 16 * 1024

    private struct Region: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        var taken: [Bool]
        var isLocked: Bool
    }

    private let regions = Mutex<[Region]>([])

    private init() {
        _ = sodiumReady
    }

    /// False when the system refused to lock some of the memory (a small `RLIMIT_MEMLOCK`).
    var isLocked: Bool {
        regions.withLock { $0.allSatisfy(\.isLocked) }
    }

    func take(_ count: Int) -> Piece {
        let needed = max(1, (count + Self.granule - 1) / Self.granule)
        return regions.withLock { regions in
            for index in regions.indices {
                if let first = Self.firstGap(of: needed, in: regions[index].taken) {
                    return Self.cut(needed, at: first, from: &regions, index)
                }
            }
            let size = max(Self.usualRegion, needed * Self.granule)
            guard let base = sodium_malloc(size) else { preconditionFailure("no memory for a secret") }
            let isLocked = sodium_mlock(base, size) == 0
            // sodium_malloc fills with garbage on purpose; here every piece begins as zeros.
            sodium_memzero(base, size)
            regions.append(
                Region(base: base, taken: Array(repeating: false, count: size / Self.granule), isLocked: isLocked))
            return Self.cut(needed, at: 0, from: &regions, regions.count - 1)
        }
    }

    /// Wipes the piece and makes it available again.
    func giveBack(_ piece: Piece) {
        sodium_memzero(piece.bytes, piece.granules * Self.granule)
        regions.withLock { regions in
            for index in piece.first..<piece.first + piece.granules {
                regions[piece.region].taken[index] = false
            }
        }
    }

    private static func firstGap(of needed: Int, in taken: [Bool]) -> Int? {
        var run = 0
        for index in taken.indices {
            run = taken[index] ? 0 : run + 1
            if run == needed { return index - needed + 1 }
        }
        return nil
    }

    private static func cut(_ granules: Int, at first: Int, from regions: inout [Region], _ index: Int) -> Piece {
        for taken in first..<first + granules { regions[index].taken[taken] = true }
        return Piece(
            bytes: regions[index].base + first * granule, region: index, first: first, granules: granules)
    }
}
