internal import Providers
internal import Synchronization

/// All profiles: those in the binary, and those in the user's directory, which take the place of a built-in one with the
/// same id. Each is parsed when it is first asked for. One that cannot be used fails whoever asks for it and nobody else;
/// one of the user's blocks its id, so that the built-in is never taken in its place without a word.
final class ProfileCatalog: Sendable {
    private typealias Outcome = Result<Profile, CourierReply.Refusal>

    /// A file of the user's, and the id that its content says.
    private struct OwnFile {
        let id: String
        let saidID: String?
        let path: String
        let content: Result<String, ProfileFault>
    }

    private let ownFiles: [OwnFile]
    /// Set when nobody can tell what is in the user's directory: then no profile is used.
    private let unreadable: CourierReply.Refusal?
    private let parsed = Mutex<[String: Outcome]>([:])

    init(ownDirectory: String?) {
        do throws(ProfileFault) {
            ownFiles =
                try ownDirectory.map { directory throws(ProfileFault) in
                    try OwnProfiles.read(directory).map { file in
                        OwnFile(
                            id: file.id, saidID: (try? file.content.get()).flatMap(Self.saidID), path: file.path,
                            content: file.content)
                    }
                } ?? []
            unreadable = nil
        } catch {
            ownFiles = []
            unreadable = .badProfile(ownDirectory ?? "", error)
        }
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
        let profile = try Profile(yaml: yaml, ownFile: path, isBuiltIn: { ProfileBundle.text(of: $0) != nil })
        let name = profile.description.id + OwnProfiles.ending
        guard path.split(separator: "/").last.map(String.init) == name else {
            throw ProfileFault(location: "id", problem: "the file of this profile has to be named \(name)")
        }
        return profile
    }

    private static func own(_ file: OwnFile) -> Outcome {
        do throws(ProfileFault) {
            return .success(try own(file.content.get(), at: file.path))
        } catch {
            return .failure(.badProfile(file.path, error))
        }
    }

    /// - Throws: `badProfile` when the user's own is wrong, `noSuchProvider`.
    func profile(_ id: String) throws(CourierReply.Refusal) -> Profile {
        if let unreadable { throw unreadable }
        let outcome = parsed.withLock { parsed in
            if let known = parsed[id] { return known }
            let outcome = load(id)
            parsed[id] = outcome
            return outcome
        }
        return try outcome.get()
    }

    private func load(_ id: String) -> Outcome {
        var found: Outcome?
        // A file of another name was meant for the id that it says.
        for file in ownFiles where file.id == id || file.saidID == id {
            let outcome = Self.own(file)
            if case .failure = outcome { return outcome }
            found = outcome
        }
        if let found { return found }
        guard let text = ProfileBundle.text(of: id) else {
            return .failure(.noSuchProvider(id, known: all().usable.map(\.id)))
        }
        do throws(ProfileFault) {
            return .success(try Profile(yaml: text, isTried: false))
        } catch {
            return .failure(.badProfile(id + OwnProfiles.ending, error))
        }
    }

    /// Every profile that can be used, sorted by id, and what is wrong with the others.
    private func all() -> (usable: [ProviderDescription], faults: [CourierReply.Refusal]) {
        if let unreadable { return ([], [unreadable]) }
        var usable: [ProviderDescription] = []
        var faults: [CourierReply.Refusal] = []
        let ids = Set(ProfileBundle.ids + ownFiles.flatMap { [$0.id, $0.saidID ?? $0.id] })
        for id in ids.sorted() {
            switch load(id) {
            case .success(let profile): usable.append(profile.description)
            case .failure(let fault): if !faults.contains(fault) { faults.append(fault) }
            }
        }
        return (usable, faults)
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
            let (usable, faults) = all()
            return CourierReply(id: question, descriptions: usable, faults: faults)
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
        .badProfile(file: file, location: fault.place, problem: fault.problem)
    }
}
