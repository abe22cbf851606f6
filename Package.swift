// swift-tools-version: 6.2
import PackageDescription

let strictSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "rekeep",
    products: [
        .executable(name: "rekeep", targets: ["rekeep"]),
        .executable(name: "rekeep-courier", targets: ["rekeep-courier"]),
        .executable(name: "rekeep-rehearsal", targets: ["rekeep-rehearsal"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: [
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CVaultVFS", dependencies: ["CSQLite"]),
        .target(name: "CConfinement"),
        .target(name: "CLibsecret", linkerSettings: [.linkedLibrary("dl"), .linkedLibrary("pthread")]),
        .target(name: "Sealing", dependencies: ["CSodium", "CLinux", "CConfinement"], swiftSettings: strictSettings),
        .target(name: "Credentials", dependencies: ["Sealing"], swiftSettings: strictSettings),
        .target(name: "Files", dependencies: ["Sealing"], swiftSettings: strictSettings),
        .target(
            name: "Vault", dependencies: ["Credentials", "Sealing", "Files", "CSQLite", "CVaultVFS", "CLinux"],
            swiftSettings: strictSettings),
        .target(
            name: "Keyring", dependencies: ["Credentials", "Sealing", "CLinux", "CLibsecret"],
            swiftSettings: strictSettings),
        .target(
            name: "Providers",
            dependencies: [
                "Credentials", "Sealing", .product(name: "Subprocess", package: "swift-subprocess"),
            ], swiftSettings: strictSettings),
        .target(
            name: "Delivery",
            dependencies: [
                "Credentials", "Sealing", "Files", "CLinux", .product(name: "Subprocess", package: "swift-subprocess"),
            ], swiftSettings: strictSettings),
        .target(
            name: "Operations", dependencies: ["Vault", "Providers", "Delivery", "Credentials", "Sealing"],
            swiftSettings: strictSettings),
        .executableTarget(
            name: "rekeep",
            dependencies: [
                "Operations", "Vault", "Providers", "Delivery", "Keyring", "Credentials", "Files", "Sealing", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strictSettings),
        .executableTarget(
            name: "rekeep-courier",
            dependencies: [
                "Providers", "Credentials", "Files", "Sealing", "CLinux",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Profiles"], swiftSettings: strictSettings, plugins: ["BundleProfiles"]),
        .executableTarget(name: "profile-bundler", swiftSettings: strictSettings),
        .plugin(
            name: "BundleProfiles", capability: .buildTool(), dependencies: ["profile-bundler"],
            path: "Sources/BundleProfiles"),
        .executableTarget(
            name: "rekeep-rehearsal",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "FlyingFox", package: "FlyingFox"),
            ], swiftSettings: strictSettings),
        .executableTarget(
            name: "vault-filler", dependencies: ["Vault", "Credentials", "Sealing"], path: "Tests/VaultFiller",
            swiftSettings: strictSettings),
        .executableTarget(
            name: "bit-flips", dependencies: ["Vault", "Credentials", "Sealing"], path: "Tests/BitFlips",
            swiftSettings: strictSettings),
        .executableTarget(
            name: "target-editor", dependencies: ["Delivery", "Credentials", "Sealing"], path: "Tests/TargetEditor",
            swiftSettings: strictSettings),
        .testTarget(name: "SealingTests", dependencies: ["Sealing", "CLinux"], swiftSettings: strictSettings),
        .testTarget(name: "CredentialsTests", dependencies: ["Credentials"], swiftSettings: strictSettings),
        .testTarget(
            name: "OperationsTests",
            dependencies: ["Operations", "Vault", "Providers", "Delivery", "Credentials", "Sealing"],
            swiftSettings: strictSettings),
        .testTarget(
            name: "VaultTests", dependencies: ["Vault", "Credentials", "Sealing"], swiftSettings: strictSettings),
        .testTarget(
            name: "KeyringTests", dependencies: ["Keyring", "Credentials", "Sealing"], swiftSettings: strictSettings),
        .testTarget(
            name: "ProvidersTests", dependencies: ["Providers", "Credentials", "Sealing"], swiftSettings: strictSettings
        ),
        .testTarget(
            name: "CourierTests", dependencies: ["rekeep-courier", "Providers", "Credentials"],
            swiftSettings: strictSettings),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "rekeep", "rekeep-courier", "rekeep-rehearsal", "bit-flips", "CLinux",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ], swiftSettings: strictSettings),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Delivery", "target-editor", "Credentials", "Sealing", "CLinux",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ], swiftSettings: strictSettings),
    ]
)
