using Pilotage.Core.Files;
using Xunit;

namespace Pilotage.Tests.Core.Files;

public sealed class FileStatusTests
{
    [Fact]
    public void Tells_kind_and_size_without_opening()
    {
        var folder = Directory.CreateTempSubdirectory("pilotage-status-").FullName;
        var file = Path.Combine(folder, "file");
        File.WriteAllText(file, "four");
        File.CreateSymbolicLink(Path.Combine(folder, "link"), file);

        Assert.Equal(new FileStatus(FileKind.Regular, 4), FileStatus.Of(file));
        Assert.Equal(FileKind.Folder, FileStatus.Of(folder).Kind);
        Assert.Equal(FileKind.Link, FileStatus.Of(Path.Combine(folder, "link")).Kind);
        Assert.Equal(FileKind.Device, FileStatus.Of("/dev/zero").Kind);
        Assert.Throws<IOException>(() => FileStatus.Of(Path.Combine(folder, "nothing")));
        Directory.Delete(folder, recursive: true);
    }
}
