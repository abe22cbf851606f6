import Foundation
import PackagePlugin

/// Has the courier's profiles made into one Swift file before it is compiled, so that a new one needs no other line.
@main
struct BundleProfiles: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let directory = target.directoryURL.appending(path: "Profiles")
        let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        let output = context.pluginWorkDirectoryURL.appending(path: "ProfileBundle.swift")
        return [
            .buildCommand(
                displayName: "Bundling the profiles", executable: try context.tool(named: "profile-bundler").url,
                arguments: [directory.path(), output.path()], inputFiles: files, outputFiles: [output])
        ]
    }
}
