namespace Pilotage.Cli.Frame;

/// <summary>Why a file or a folder could not be used, for people: the runtime speaks of its own streams and processes.</summary>
internal static class FileFault
{
    public const string IsFolder = "it is a folder, and a file is wanted";

    /// <param name="failure">What the runtime said.</param>
    /// <param name="file">Where a file was wanted: opening a folder in its place is refused as if it were a matter of rights.</param>
    public static string Why(Exception failure, string? file = null) => failure switch
    {
        _ when file is not null && Directory.Exists(file) => IsFolder,
        UnauthorizedAccessException => "this user has no right to it",
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "a folder on the way to it is not there, or cannot be made there",
        _ => failure.Message,
    };
}
