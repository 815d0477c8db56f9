using System.Net;
using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Updates;
using Pilotage.Tests.Core.Contracts;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class DownloaderTests : IDisposable
{
    private static readonly SigningKey Key = SigningKey.Create();
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-test-").FullName;
    private readonly FakeServer _server = new();
    private readonly ReleaseStore _store;
    private readonly Downloader _downloader;

    public DownloaderTests()
    {
        _store = new ReleaseStore(_folder, new ReleaseTrust([Key.Public], 1, new TenantId("acme")), "linux-x64");
        _downloader = new Downloader(new HttpClient(_server) { BaseAddress = new Uri("http://server/") }, _store, Path.Combine(_folder, "parts"));
        foreach (byte content in new byte[] { 1, 2, 3, 4 })
        {
            _server.Content.Add(Digest.Of([content]).ToString(), [content]);
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Stages_what_was_signed()
    {
        var release = Release(SampleRelease.Manifest());

        Assert.True((await _downloader.StageAsync(release, default)).IsOk);

        Assert.Equal(release.Id, _store.Find(release.Id.Value)!.Id);
        Assert.All(release.Manifest.Artifacts, artifact => Assert.True(_store.Has(artifact)));
    }

    [Fact]
    public async Task Refuses_other_bytes_than_were_signed_and_stages_nothing()
    {
        var release = Release(SampleRelease.Manifest());
        _server.Content[release.Manifest.Artifacts[2].Digest] = [9];

        var staged = await _downloader.StageAsync(release, default);

        Assert.Equal("release.digest_mismatch", staged.Refusal.Code);
        Assert.Null(_store.Find(release.Id.Value));
    }

    [Fact]
    public async Task Reads_no_more_than_was_signed_from_a_server_that_never_ends()
    {
        var release = Release(SampleRelease.Manifest());
        _server.Content[release.Manifest.Artifacts[0].Digest] = new byte[64 * 1024 * 1024];

        var staged = await _downloader.StageAsync(release, default);

        Assert.Equal("release.digest_mismatch", staged.Refusal.Code);
        Assert.True(_server.BytesRead <= 1024 * 1024, $"{_server.BytesRead} bytes were read");
    }

    [Fact]
    public async Task Resumes_a_broken_download_by_range()
    {
        var big = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7)).ToArray();
        var manifest = SampleRelease.Manifest();
        var release = Release(manifest with { Artifacts = [SampleRelease.Artifact(ArtifactKind.Model, "rul", big), .. manifest.Artifacts.Skip(1)] });
        _server.Content.Add(Digest.Of(big).ToString(), big);
        _server.BreakAfterBytes = 100_000;
        await Assert.ThrowsAnyAsync<IOException>(() => _downloader.StageAsync(release, default));

        _server.BreakAfterBytes = null;
        var staged = await _downloader.StageAsync(release, default);

        Assert.True(staged.IsOk);
        Assert.Contains(_server.Ranges, from => from > 0);
    }

    [Fact]
    public async Task A_byte_changed_on_disk_after_staging_is_noticed()
    {
        var release = Release(SampleRelease.Manifest());
        await _downloader.StageAsync(release, default);
        var artifact = release.Manifest.Artifacts[0];
        await File.WriteAllBytesAsync(Path.Combine(_store.ArtifactsPath, artifact.Digest["sha256:".Length..]), [0]);

        Assert.False(_store.Has(artifact));
    }

    private static VerifiedRelease Release(ReleaseManifest manifest) =>
        ReleaseVerifier.Verify(ReleaseVerifier.Sign(manifest, Key), new ReleaseTrust([Key.Public], 1, new TenantId("acme")), "linux-x64", 0).Value;

    private sealed class FakeServer : HttpMessageHandler
    {
        public Dictionary<string, byte[]> Content { get; } = [];

        public int? BreakAfterBytes { get; set; }

        public List<long> Ranges { get; } = [];

        public long BytesRead { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var content = Content[request.RequestUri!.AbsolutePath["/api/v1/artifacts/".Length..]];
            var from = request.Headers.Range?.Ranges.First().From ?? 0;
            Ranges.Add(from);
            var left = content[(int)from..];
            var breaks = BreakAfterBytes is { } bytes && left.Length > bytes;
            var stream = new WireStream(breaks ? left[..BreakAfterBytes!.Value] : left, breaks, read => BytesRead += read);
            return Task.FromResult(new HttpResponseMessage(from > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK) { Content = new StreamContent(stream) });
        }
    }

    private sealed class WireStream(byte[] bytes, bool breaks, Action<int> count) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            count(read);
            return read > 0 || !breaks ? read : throw new IOException("The connection broke.");
        }
    }
}
