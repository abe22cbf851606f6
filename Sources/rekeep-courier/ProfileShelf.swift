internal import FoundationEssentials
internal import Providers

/// All profiles: those in the binary and those in the user's directory, which win.
struct ProfileShelf {
    private let profiles: [String: Profile]
    /// Files of the user's that cannot be used.
    private let faults: [(file: String, fault: ProfileFault)]

    static let embedded: [(file: String, bytes: [UInt8])] = [
        ("domainnameapi.yaml", PackageResources.domainnameapi_yaml),
        ("101domain.yaml", PackageResources._01domain_yaml),
        ("bearer.yaml", PackageResources.bearer_yaml), ("cloudflare.yaml", PackageResources.cloudflare_yaml),
        ("gandi.yaml", PackageResources.gandi_yaml),
    ]

    init(ownDirectory: String?) {
        var profiles: [String: Profile] = [:]
        var faults: [(String, ProfileFault)] = []
        func add(_ file: String, _ bytes: [UInt8], isOwn: Bool) {
            do {
                let profile = try Profile(yaml: String(decoding: bytes, as: UTF8.self), isOwn: isOwn)
                profiles[profile.description.id] = profile
            } catch {
                faults.append((file, error))
            }
        }
        for (file, bytes) in Self.embedded { add(file, bytes, isOwn: false) }
        if let ownDirectory {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: ownDirectory)) ?? []
            for name in names.sorted() where name.hasSuffix(".yaml") {
                let path = ownDirectory + "/" + name
                guard let bytes = Self.bytes(path) else {
                    faults.append((path, ProfileFault(place: "", problem: "cannot be read")))
                    continue
                }
                add(path, bytes, isOwn: true)
            }
        }
        self.profiles = profiles
        self.faults = faults
    }

    private static func bytes(_ path: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: path))).map { Array($0) }
    }

    func profile(_ id: String) -> Profile? { profiles[id] }

    /// Loads one file and runs its samples: its description, or the first thing that is wrong with it.
    static func validate(_ path: String, question: Int) -> CourierAnswer {
        do throws(ProfileFault) {
            guard let bytes = bytes(path) else { throw ProfileFault(place: "", problem: "cannot be read") }
            let profile = try Profile(yaml: String(decoding: bytes, as: UTF8.self), isOwn: true)
            for (index, sample) in profile.samples.enumerated() {
                let result = profile.read(sample.answer, values: sample.fields, secrets: [])
                if let problem = sample.disagreement(with: result) {
                    throw ProfileFault(place: "samples[\(index)]", problem: "\(sample.name): \(problem)")
                }
            }
            return CourierAnswer(id: question, descriptions: [profile.description])
        } catch {
            return CourierAnswer(
                id: question, refusal: .badProfile(file: path, place: error.place, problem: error.problem))
        }
    }

    /// The descriptions of one profile or of all.
    func describe(_ id: String?, question: Int) -> CourierAnswer {
        if let id {
            guard let profile = profiles[id] else { return CourierAnswer(id: question, refusal: refusal(id)) }
            return CourierAnswer(id: question, descriptions: [profile.description])
        }
        // The good ones are listed even when a file of the user's is faulty.
        return CourierAnswer(
            id: question, descriptions: profiles.values.map(\.description).sorted { $0.id < $1.id },
            refusal: faults.first.map { .badProfile(file: $0.file, place: $0.fault.place, problem: $0.fault.problem) })
    }

    /// Why there is no profile with this id: a faulty file explains it better than its absence.
    func refusal(_ id: String) -> CourierAnswer.Refusal {
        if let (file, fault) = faults.first {
            return .badProfile(file: file, place: fault.place, problem: fault.problem)
        }
        return .noSuchProvider(id, known: profiles.keys.sorted())
    }
}
