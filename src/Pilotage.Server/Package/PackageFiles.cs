using Pilotage.Core.Files;
using Pilotage.Server.Package.Reading;

namespace Pilotage.Server.Package;

/// <summary>
/// Takes the files of a package out of a folder, and nothing else: what a package does not know, a link out of the
/// folder or a pipe is refused by name before anything is opened.
/// </summary>
/// <remarks>A folder is named by hand and may be any: one with keys in it, or the root of the disk.</remarks>
public static class PackageFiles
{
    /// <summary>Most files and folders looked at, hidden ones too; beyond it the folder is not that of a package.</summary>
    public const int EntriesMax = 1000;

    /// <summary>How deep folders may lie in one another; a package needs one.</summary>
    public const int DepthMax = 4;

    /// <summary>What belongs to a package, as it is told to a person.</summary>
    public const string Known = "usecase.yaml, rollout.yaml, pipeline.sql, model.yaml, models/*.yaml, things/*.td.json, site*.yaml, *.md";

    /// <summary>What a message shows of a name that may be made to hide something.</summary>
    private const char Unprintable = '?';

    /// <summary>The files by their path inside the folder, in order; names that begin with a dot are left out.</summary>
    /// <param name="siteFile">A site file by another name than <c>site*.yaml</c>; null for none.</param>
    public static Outcome<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> Read(string folder, string? siteFile = null) =>
        Find(folder, siteFile).Then(found => ReadAll(folder, found));

    /// <summary>Names and sizes, none of them opened; refused with every file that must not be taken.</summary>
    public static Outcome<IReadOnlyList<PackageFile>> Find(string folder, string? siteFile = null)
    {
        if (!Directory.Exists(folder))
        {
            return new Refusal("package.not_found", $"There is no folder {folder}.");
        }

        var walk = new Walk(siteFile);
        return walk.Through(folder) is { } endless ? endless
            : walk.Faults.Any ? walk.Faults.ToRefusal()
            : TooLarge(folder, walk.Files) is { } large ? large
            : walk.Files.OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
    }

    /// <summary>The same rule for files that come by name and not out of a folder: null, or every name that no package has.</summary>
    public static Refusal? WhyNot(IEnumerable<string> names, string? siteFile)
    {
        var faults = new PackageFaults();
        foreach (var name in names.Where(name => !PackageReader.IsUnsafe(name)).Order(StringComparer.Ordinal))
        {
            var parts = name.Split('/');
            if (!(name == siteFile || IsKnown(name)) || parts.Length > DepthMax + 1 || parts.Any(part => part.StartsWith('.')))
            {
                faults.Add(Printable(name), $"is not part of a package ({Known}); leave it out");
            }
        }

        return faults.Any ? faults.ToRefusal() : null;
    }

    /// <summary>Whether a package knows a file of this name, by its path inside the folder.</summary>
    internal static bool IsKnown(string name) =>
        name is UseCaseReader.File or RolloutReader.File or PackageReader.Pipeline or PackageReader.ModelFile
        || PackageReader.IsModel(name) || PackageReader.IsThing(name) || PackageReader.IsLocal(name)
        || name.EndsWith(".md", StringComparison.OrdinalIgnoreCase);

    private static Refusal? TooLarge(string folder, List<PackageFile> files)
    {
        var bytes = files.Sum(file => file.Bytes);
        var largest = files.MaxBy(file => file.Bytes);
        return files.Count > PackageReader.FilesMax || bytes > PackageReader.BytesMax
            ? new Refusal(
                "package.too_large",
                $"The folder {folder} holds {files.Count} files of {bytes} bytes, the largest {largest.Name} of {largest.Bytes}; "
                + $"a package has at most {PackageReader.FilesMax} files and {PackageReader.BytesMax} bytes.")
            : null;
    }

    private static Outcome<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadAll(string folder, IReadOnlyList<PackageFile> found)
    {
        var files = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var faults = new PackageFaults();
        foreach (var file in found)
        {
            try
            {
                files[file.Name] = ReadOne(Path.Combine(folder, file.Name), file.Bytes);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                faults.Add(file.Name, $"cannot be read: {failure.Message}");
            }
        }

        return faults.Any ? faults.ToRefusal() : files;
    }

    /// <summary>As many bytes as were counted: a file that grows meanwhile, or has no end, cannot pass the bound.</summary>
    private static byte[] ReadOne(string path, long counted)
    {
        using var handle = File.OpenHandle(path);
        var bytes = new byte[counted];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and var more)
        {
            read += more;
        }

        return bytes[..read];
    }

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? Unprintable : c));

    /// <summary>One way through a folder, the nearest first, so that a deep tree is given up early.</summary>
    private sealed class Walk(string? siteFile)
    {
        private readonly Queue<(string Path, string Prefix, int Depth)> _folders = new();
        private int _entries;

        public PackageFaults Faults { get; } = new();

        public List<PackageFile> Files { get; } = [];

        /// <summary>The refusal when there is no end to be seen; faults are collected apart.</summary>
        public Refusal? Through(string root)
        {
            _folders.Enqueue((root, "", 0));
            while (_folders.TryDequeue(out var folder))
            {
                try
                {
                    foreach (var path in Directory.EnumerateFileSystemEntries(folder.Path))
                    {
                        if (++_entries > EntriesMax)
                        {
                            return new Refusal("package.too_large", $"The folder {root} holds more than {EntriesMax} files and folders; it is not that of a package.");
                        }

                        Take(path, folder.Prefix, folder.Depth);
                    }
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
                {
                    Refuse(folder.Prefix.Length == 0 ? root : folder.Prefix, $"cannot be read: {failure.Message}");
                }
            }

            return null;
        }

        private void Take(string path, string prefix, int depth)
        {
            var part = Path.GetFileName(path);
            if (part.StartsWith('.'))
            {
                return;
            }

            var name = prefix + part;
            var status = FileStatus.Of(path);
            switch (status.Kind)
            {
                case FileKind.Folder when depth == DepthMax:
                    Refuse(name, $"lies deeper than {DepthMax} folders, which no file of a package does; move it out of the folder");
                    break;
                case FileKind.Folder:
                    _folders.Enqueue((path, name + "/", depth + 1));
                    break;
                case FileKind.Regular when (name == siteFile || IsKnown(name)) && !PackageReader.IsUnsafe(name):
                    Files.Add(new PackageFile(name, status.Bytes));
                    break;
                case FileKind.Regular:
                    Refuse(name, $"is not part of a package ({Known}); move it out of the folder");
                    break;
                case FileKind.Link:
                    Refuse(name, "is a symbolic link, and a package takes only what lies in its folder; put the file itself there");
                    break;
                default:
                    Refuse(name, $"is a {Word(status.Kind)}, not a file; move it out of the folder");
                    break;
            }
        }

        private void Refuse(string name, string why) => Faults.Add(Printable(name), why);

        private static string Word(FileKind kind) => kind switch
        {
            FileKind.Pipe => "named pipe",
            FileKind.Socket => "socket",
            _ => "device",
        };
    }
}

/// <summary>A file of a package that was seen and not yet read.</summary>
/// <param name="Name">Its path inside the folder, with slashes.</param>
public readonly record struct PackageFile(string Name, long Bytes);
