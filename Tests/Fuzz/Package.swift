// swift-tools-version: 6.2
import PackageDescription

// The decoders of hostile input, built alone so that they can be instrumented: `Scripts/fuzz` runs them. The folders
// are links to the project's own sources.
let strictSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "fuzz",
    dependencies: [.package(url: "https://github.com/jpsim/Yams", exact: "6.2.2")],
    targets: [
        .systemLibrary(name: "CSodium", path: "Sources/CSodium", pkgConfig: "libsodium"),
        .systemLibrary(name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        .target(name: "CVaultVFS", dependencies: ["CSQLite"], path: "Sources/CVaultVFS"),
        .target(name: "CConfinement", path: "Sources/CConfinement"),
        .target(name: "Sealing", dependencies: ["CSodium", "CLinux", "CConfinement"], swiftSettings: strictSettings),
        .target(name: "Credentials", dependencies: ["Sealing"], swiftSettings: strictSettings),
        .target(name: "Files", dependencies: ["Sealing"], swiftSettings: strictSettings),
        .target(
            name: "Vault", dependencies: ["Credentials", "Sealing", "Files", "CSQLite", "CVaultVFS", "CLinux"],
            swiftSettings: strictSettings),
        .target(
            name: "Delivery", dependencies: ["Credentials", "Sealing", "Files"],
            sources: [
                "Formats", "DeliveryError.swift", "Preset.swift", "Variable.swift",
            ],
            swiftSettings: strictSettings),
        .target(
            name: "Providers", dependencies: ["Credentials", "Sealing", "CLinux"],
            sources: [
                "BaseURL.swift", "CourierMessages.swift", "FieldPattern.swift", "Hygiene.swift", "PastedLine.swift",
                "PastedText.swift",
                "ProviderDescription+Terms.swift", "QuestionLine.swift",
            ], swiftSettings: strictSettings),
        .target(
            name: "ProfileLoader",
            dependencies: ["Providers", "Credentials", "Files", "Sealing", .product(name: "Yams", package: "Yams")],
            exclude: ["Profiles"],
            sources: [
                "Answer.swift", "Condition.swift", "Escapes.swift", "JSONValue.swift", "OwnProfiles.swift",
                "Profile.swift", "Profile+Parsing.swift",
                "ProfileChecks.swift", "Reading.swift", "Redaction.swift", "RenderedRequest.swift", "RetryAfter.swift",
                "Template.swift", "YAMLMap.swift",
            ], swiftSettings: strictSettings),
        .executableTarget(
            name: "Fuzz", dependencies: ["Vault", "Delivery", "ProfileLoader", "Providers", "Credentials", "Sealing"],
            swiftSettings: strictSettings + [.unsafeFlags(["-parse-as-library"])]),
    ]
)
