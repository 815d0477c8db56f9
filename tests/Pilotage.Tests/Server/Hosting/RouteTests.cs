using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Pilotage.Server.Access;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

public sealed class RouteTests : IAsyncLifetime
{
    private const UnixFileMode OpenToAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly TestServerFolder _server = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void Every_route_declares_exactly_one_permission()
    {
        var routes = Routes();
        Assert.NotEmpty(routes);
        foreach (var route in routes)
        {
            var declared = route.Metadata.OfType<RequiredPermission>().ToList();
            Assert.True(declared.Count == 1, $"{route.DisplayName} declares {declared.Count} permissions");
            Assert.True(
                declared[0].Scope == Scope.Open ? declared[0].Reason?.Length > 10 : declared[0].Name.Split('.').Length == 3,
                $"{route.DisplayName} demands \"{declared[0].Name}\": say module.noun.verb, or why it is open");
        }
    }

    [Fact]
    public void Every_api_route_stands_under_the_versioned_prefix()
    {
        var bare = Routes().Select(r => r.RoutePattern.RawText!.TrimStart('/'))
            .Where(p => !p.StartsWith("api/v1/", StringComparison.Ordinal) && !p.StartsWith("prometheus/api/v1/", StringComparison.Ordinal));
        Assert.Empty(bare.Except(["api/v2/write", "ping", "health", "healthz/live", "healthz/ready", "metrics", "openapi/{documentName:regex(^v1$)}.json", "", "page.js", "page.css"], StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_route_without_a_permission_is_closed_to_everyone()
    {
        var context = Request(new Endpoint(_ => Task.CompletedTask, new EndpointMetadataCollection(), "forgotten"));
        Assert.Equal(StatusCodes.Status403Forbidden, await Pass(context));
    }

    [Fact]
    public async Task What_routing_answers_itself_passes_and_nothing_that_only_looks_like_it()
    {
        const string NotAllowed = "405 HTTP Method Not Supported";
        var pattern = RoutePatternFactory.Parse("/api/v1/forgotten");
        Assert.Equal(StatusCodes.Status200OK, await Pass(Request(new Endpoint(_ => Task.CompletedTask, EndpointMetadataCollection.Empty, NotAllowed))));
        Assert.Equal(StatusCodes.Status200OK, await Pass(Request(new Endpoint(_ => Task.CompletedTask, EndpointMetadataCollection.Empty, "415 HTTP Unsupported Media Type"))));
        Assert.Equal(StatusCodes.Status403Forbidden, await Pass(Request(new Endpoint(_ => Task.CompletedTask, new EndpointMetadataCollection("any"), NotAllowed))));
        Assert.Equal(StatusCodes.Status403Forbidden, await Pass(Request(new RouteEndpoint(_ => Task.CompletedTask, pattern, 0, EndpointMetadataCollection.Empty, NotAllowed))));
        Assert.Equal(StatusCodes.Status403Forbidden, await Pass(Request(new RouteEndpoint(_ => Task.CompletedTask, pattern, 0, EndpointMetadataCollection.Empty, null))));
    }

    [Fact]
    public async Task A_caller_without_credentials_is_asked_for_them()
    {
        Assert.Equal(StatusCodes.Status401Unauthorized, await Pass(Request(Closed)));
        Assert.Equal(StatusCodes.Status401Unauthorized, await Pass(Request(Closed, "Bearer pat_guess")));
        Assert.Equal(StatusCodes.Status401Unauthorized, await Pass(Request(Closed, "Basic YTpi")));
    }

    [Fact]
    public async Task The_admin_token_opens_routes_of_its_tenant()
    {
        var context = Request(Closed, "Bearer " + Token());
        Assert.Equal(StatusCodes.Status200OK, await Pass(context));
        Assert.Equal("acme", context.Features.Get<Principal>()!.Tenant.Value);
        Assert.Equal(StatusCodes.Status200OK, await Pass(Request(Closed, "Token " + Token())));
        Assert.Equal(StatusCodes.Status401Unauthorized, await Pass(Request(Closed, "Token pat_guess")));
    }

    [Fact]
    public async Task A_cookie_opens_reads_only()
    {
        var read = Request(Closed);
        read.Request.Headers.Cookie = $"{Authenticator.SessionCookie}={_server.Get<ISignIn>().SessionFor(null, Token())}";
        Assert.Equal(StatusCodes.Status200OK, await Pass(read));
        read.Request.Method = "POST";
        Assert.Equal(StatusCodes.Status401Unauthorized, await Pass(read));
    }

    [Fact]
    public async Task The_admin_token_itself_is_no_cookie()
    {
        var read = Request(Closed);
        read.Request.Headers.Cookie = $"{Authenticator.SessionCookie}={Token()}";
        Assert.Equal(StatusCodes.Status401Unauthorized, await Pass(read));
    }

    [Fact]
    public void A_device_may_fetch_artifacts_and_not_administer()
    {
        Assert.True(Roles.Grant([Roles.Device], "models.artifact.read"));
        Assert.False(Roles.Grant([Roles.Device], "access.person.write"));
        Assert.True(Roles.Grant([Roles.Device], "fabric.telemetry.write"));
        Assert.False(Roles.Grant(["viewer"], "fabric.telemetry.write"));
        Assert.False(Roles.Grant(["viewer"], "access.person.write"));
        Assert.True(Roles.Grant(["viewer"], "access.person.read"));
        Assert.False(Roles.Grant(["maintenance"], "access.person.read"));
    }

    [Fact]
    public void No_file_of_a_server_is_readable_by_others_in_a_folder_that_is()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var path = Directory.CreateTempSubdirectory("pilotage-open-").FullName;
        File.SetUnixFileMode(path, OpenToAll);
        try
        {
            using (var folder = DataFolder.Open(path).Value)
            {
                using var catalogue = new Catalogue(path);
                catalogue.Write((c, _) => c.Execute("CREATE TABLE fleet_a (x INTEGER)"));
                var files = Directory.GetFiles(path, "*", SearchOption.AllDirectories);
                Assert.Contains(Path.Combine(path, "catalogue.db-wal"), files);
                Assert.Contains(Path.Combine(path, "server.lock"), files);
                Assert.DoesNotContain(files, Pilotage.Trust.PrivateFile.IsReadableByOthers);
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public void The_admin_token_file_is_the_owners_alone() =>
        Assert.False(Pilotage.Trust.PrivateFile.IsReadableByOthers(Path.Combine(_server.Path, "admin.token")));

    private static Endpoint Closed { get; } = new(
        _ => Task.CompletedTask, new EndpointMetadataCollection(new RequiredPermission("fleet.device.read", Scope.Tenant, null)), "closed");

    private List<RouteEndpoint> Routes() =>
        [.. ((IEndpointRouteBuilder)_server.App).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];

    private string Token() => File.ReadAllText(Path.Combine(_server.Path, "admin.token")).Trim();

    private DefaultHttpContext Request(Endpoint endpoint, string? authorization = null)
    {
        var context = new DefaultHttpContext { RequestServices = _server.App.Services };
        context.Request.Method = "GET";
        context.Request.Headers.Authorization = authorization;
        context.SetEndpoint(endpoint);
        return context;
    }

    private async Task<int> Pass(DefaultHttpContext context)
    {
        await new AccessGate(_ => Task.CompletedTask, _server.Get<Authenticator>()).InvokeAsync(context);
        return context.Response.StatusCode;
    }
}
