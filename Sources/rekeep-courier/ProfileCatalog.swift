internal import Providers

/// All profiles: those in the binary, and those in the user's directory, which take the place of a built-in one with the
/// same id. One of the user's that cannot be used blocks its id, so that the built-in is never taken in its place
/// without a word.
struct ProfileCatalog {
    private let profiles: [String: Profile]
    /// What is wrong with the user's files, by the id that each stands for.
    private let faults: [(id: String, refusal: CourierReply.Refusal)]
    /// Set when nobody can tell what is in the user's directory: then no profile is used.
    private let unreadable: CourierReply.Refusal?

    static let embedded: [(file: String, bytes: [UInt8])] = [
        ("domainnameapi.yaml", PackageResources.domainnameapi_yaml),
        ("101domain.yaml", PackageResources._01domain_yaml),
        ("bearer.yaml", PackageResources.bearer_yaml), ("cloudflare.yaml", PackageResources.cloudflare_yaml),
        ("gandi.yaml", PackageResources.gandi_yaml),
    ]

    init(ownDirectory: String?) {
        var profiles: [String: Profile] = [:]
        var faults: [(String, CourierReply.Refusal)] = []
        for (file, bytes) in Self.embedded {
            do {
                let profile = try Profile(yaml: String(decoding: bytes, as: UTF8.self), isTried: false)
                profiles[profile.description.id] = profile
            } catch {
                faults.append((String(file.dropLast(OwnProfiles.ending.count)), .badProfile(file, error)))
            }
        }
        var unreadable: CourierReply.Refusal?
        if let ownDirectory {
            do throws(ProfileFault) {
                for (id, path, content) in try OwnProfiles.read(ownDirectory) {
                    do throws(ProfileFault) {
                        profiles[id] = try Self.own(content.get(), at: path)
                    } catch {
                        faults.append((id, .badProfile(path, error)))
                        // A file of another name was meant for the id that it says.
                        if let yaml = try? content.get(), let said = Self.saidID(yaml), said != id {
                            faults.append((said, .badProfile(path, error)))
                        }
                    }
                }
            } catch {
                unreadable = .badProfile(ownDirectory, error)
            }
        }
        self.profiles = profiles
        self.faults = faults
        self.unreadable = unreadable
    }

    /// The id that a profile says it has, whatever else is wrong with it.
    private static func saidID(_ yaml: String) -> String? {
        yaml.split(whereSeparator: \.isNewline).lazy.compactMap { line -> String? in
            guard line.hasPrefix("id:") else { return nil }
            let value = line.dropFirst(3).prefix { $0 != "#" }
            return String(value.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" })
        }.first
    }

    /// - Throws: when the profile is wrong, or the file is not named after it.
    private static func own(_ yaml: String, at path: String) throws(ProfileFault) -> Profile {
        let profile = try Profile(yaml: yaml, ownFile: path, builtIn: Set(embedded.map(\.file)))
        let name = profile.description.id + OwnProfiles.ending
        guard path.split(separator: "/").last.map(String.init) == name else {
            throw ProfileFault(location: "id", problem: "the file of this profile has to be named \(name)")
        }
        return profile
    }

    /// - Throws: `badProfile` when the user's own is wrong, `noSuchProvider`.
    func profile(_ id: String) throws(CourierReply.Refusal) -> Profile {
        if let unreadable { throw unreadable }
        if let fault = faults.first(where: { $0.id == id }) { throw fault.refusal }
        guard let profile = profiles[id] else { throw .noSuchProvider(id, known: usable.map(\.id)) }
        return profile
    }

    private var usable: [ProviderDescription] {
        guard unreadable == nil else { return [] }
        return profiles.values.map(\.description).filter { profile in !faults.contains { $0.id == profile.id } }
            .sorted { $0.id < $1.id }
    }

    /// Loads one profile and runs its samples: its description, or the first thing that is wrong with it.
    static func validate(_ content: String, of file: String, question: Int) -> CourierReply {
        do throws(ProfileFault) {
            let profile = try own(content, at: file)
            for (index, sample) in profile.samples.enumerated() {
                let result = profile.read(sample.answer, values: sample.fields, secrets: [])
                if let problem = sample.disagreement(with: result) {
                    throw ProfileFault(location: "samples[\(index)]", problem: "\(sample.name): \(problem)")
                }
            }
            return CourierReply(id: question, descriptions: [profile.description])
        } catch {
            return CourierReply(id: question, refusal: .badProfile(file, error))
        }
    }

    /// The descriptions of one profile, or of all that can be used with the faults of the others.
    func describe(_ id: String?, question: Int) -> CourierReply {
        guard let id else {
            return CourierReply(
                id: question, descriptions: usable, faults: faults.map(\.refusal) + (unreadable.map { [$0] } ?? []))
        }
        do {
            return CourierReply(id: question, descriptions: [try profile(id).description])
        } catch {
            return CourierReply(id: question, refusal: error)
        }
    }
}

extension CourierReply.Refusal {
    fileprivate static func badProfile(_ file: String, _ fault: ProfileFault) -> CourierReply.Refusal {
        .badProfile(file: file, location: fault.location, problem: fault.problem)
    }
}
