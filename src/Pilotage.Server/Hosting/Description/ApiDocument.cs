using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Pilotage.Server.Access.Contracts;
using Scope = Pilotage.Server.Access.Contracts.Scope;

namespace Pilotage.Server.Hosting.Description;

/// <summary>Makes the API document say what a caller has to know: names, permissions, and how errors look.</summary>
internal static class ApiDocument
{
    private const string Bearer = "bearer";
    private const string Certificate = "certificate";
    private const string ProblemMedia = "application/problem+json";

    private static readonly (string Name, string Says)[] Tags =
    [
        ("access", "People, roles, credentials, the audit."),
        ("fleet", "Devices and how they join."),
        ("fabric", "What devices measured and told, and the thread between things."),
        ("models", "Packages, datasets, training runs, model versions, artifacts."),
        ("rollouts", "Releases and how they reach devices."),
        ("portfolio", "Use cases: evidence, gates, value, alerts and verdicts."),
        ("server", "The server itself."),
    ];

    public static void Configure(OpenApiOptions options)
    {
        options.CreateSchemaReferenceId = info =>
            OpenApiOptions.CreateDefaultSchemaReferenceId(info) is { } name ? SchemaName(info.Type, name) : null;
        options.AddDocumentTransformer(DescribeAsync);
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer(CorrectAsync);
    }

    /// <summary>
    /// What is null is left out on the wire, so it is not required; words have the type of words. Unknown members are refused in bodies alone,
    /// and the same types stand in answers, which may grow.
    /// </summary>
    private static Task CorrectAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        foreach (var property in context.JsonTypeInfo.Properties.Where(property => property.IsGetNullable))
        {
            schema.Required?.Remove(property.Name);
        }

        schema.AdditionalPropertiesAllowed = true;
        if (schema is { Enum: { Count: > 0 } words, Type: null })
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. words.Where(word => word is not null && word.GetValueKind() == JsonValueKind.String)];
        }

        return Task.CompletedTask;
    }

    /// <summary>Two modules may use one word for two things; the document has one name for each.</summary>
    private static string SchemaName(Type type, string name) =>
        type.Namespace?.EndsWith(".Rollouts", StringComparison.Ordinal) == true && !name.Contains("Rollout", StringComparison.Ordinal) && !name.Contains("Release", StringComparison.Ordinal)
            ? "Rollout" + name
            : name;

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Pilotage",
            Version = "v1",
            Description = "Takes an edge-AI use case from pilot to production, and proves what it paid. Errors are RFC 9457 problems.",
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };

        // Where it was read from is where it is.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Tags = new HashSet<OpenApiTag>(Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Says }));
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The content of DATA/admin.token." },
            [Certificate] = new OpenApiSecurityScheme { Type = SecuritySchemeType.MutualTLS, Description = "A device's certificate, on the HTTPS listener." },
        };
        return Task.CompletedTask;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var words = ApiWords.Of(context.Description.HttpMethod, context.Description.RelativePath?.Replace("*", "", StringComparison.Ordinal));
        var permission = context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredPermission>().FirstOrDefault();
        operation.OperationId = words?.Id;
        operation.Summary = words?.Summary;
        operation.Description = permission is { Scope: not Scope.Open }
            ? $"Needs the permission `{permission.Name}`."
            : $"Open to all: {permission?.Reason}.";
        if (!Tags.Any(tag => operation.Tags?.Any(given => given.Name == tag.Name) == true))
        {
            operation.Tags = new HashSet<OpenApiTagReference> { new("server", context.Document) };
        }

        operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
        operation.Extensions["x-permission"] = new JsonNodeExtension(permission?.Name ?? "none");
        operation.Security = permission is { Scope: not Scope.Open } ? [Scheme(context, Bearer), Scheme(context, Certificate)] : [];
        operation.Responses = [];
        if (words is not null)
        {
            operation.Responses[$"{words.Status}"] = await SuccessAsync(words, context, cancellation);
        }

        if (words is { MayBeNew: true })
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "If-None-Match",
                In = ParameterLocation.Header,
                Description = "`*` refuses to replace what is there already (RFC 9110, section 13.1.2).",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }

        Ask(operation, words);
        await AddProblemsAsync(operation, context, words, permission, cancellation);
    }

    /// <summary>What a route reads by itself: parameters of the address or of a form, and a body as it comes.</summary>
    private static void Ask(OpenApiOperation operation, ApiWords? words)
    {
        var asked = words?.Parameters.Select(name => (Name: name.TrimEnd('!'), IsNeeded: name.EndsWith('!'))).ToList() ?? [];
        if (words?.Body is null)
        {
            foreach (var (name, isNeeded) in asked)
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Query, Required = isNeeded, Schema = Word() });
            }

            return;
        }

        var schema = words.Body == ApiWords.Form
            ? new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = asked.ToDictionary(one => one.Name, _ => Word()),
                Required = asked.Where(one => one.IsNeeded).Select(one => one.Name).ToHashSet(),
            }
            : Word();
        operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Content(words.Body, schema) };

        static IOpenApiSchema Word() => new OpenApiSchema { Type = JsonSchemaType.String };
    }

    private static async Task<OpenApiResponse> SuccessAsync(ApiWords words, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var response = new OpenApiResponse { Description = words.Status switch { 201 => "Made.", 202 => "Accepted; it goes on by itself.", 204 => "Done.", _ => "As asked." } };
        if (words.Answer is { } answer)
        {
            response.Content = Content(words.Media, await SchemaAsync(answer, context, cancellation));
        }
        else if (words.Status != 204)
        {
            response.Content = Content(words.Media, new OpenApiSchema { Type = JsonSchemaType.String });
        }

        return response;
    }

    private static async Task AddProblemsAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, ApiWords? words, RequiredPermission? permission, CancellationToken cancellation)
    {
        var problem = await SchemaAsync(words?.Problem ?? typeof(Problem), context, cancellation);
        var closed = permission is { Scope: not Scope.Open };
        var changes = context.Description.HttpMethod is "POST" or "PUT" or "DELETE";
        Add("400", true, "The request could not be read.");
        Add("401", closed, "No credentials, or ones that are not valid here.");
        Add("403", closed, "The credentials do not grant the permission.");
        Add("404", context.Description.RelativePath?.Contains('{', StringComparison.Ordinal) == true, "There is no such thing.");
        Add("409", changes, "It conflicts with what is there.");
        Add("412", words is { MayBeNew: true }, "It is there already, and was to be made new.");
        Add("422", true, "It was understood and refused; the detail says why.");
        Add("default", true, "Anything else that went wrong.");

        void Add(string status, bool applies, string says)
        {
            if (applies)
            {
                operation.Responses![status] = new OpenApiResponse { Description = says, Content = Content(words?.Problem is null ? ProblemMedia : "application/json", problem) };
            }
        }
    }

    /// <summary>A reference to the type's schema, which stands once in the document; a list is an array of references.</summary>
    private static async Task<IOpenApiSchema> SchemaAsync(Type type, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new OpenApiSchema { Type = JsonSchemaType.Array, Items = await SchemaAsync(type.GenericTypeArguments[0], context, cancellation) };
        }

        var schema = await context.GetOrCreateSchemaAsync(type, null, cancellation);
        var json = context.ApplicationServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        if (OpenApiOptions.CreateDefaultSchemaReferenceId(json.GetTypeInfo(type)) is not { } name || context.Document is not { } document)
        {
            return schema;
        }

        name = SchemaName(type, name);
        if (document.Components?.Schemas?.ContainsKey(name) != true)
        {
            document.AddComponent<IOpenApiSchema>(name, schema);
        }

        return new OpenApiSchemaReference(name, document);
    }

    private static Dictionary<string, OpenApiMediaType> Content(string media, IOpenApiSchema schema) => new() { [media] = new OpenApiMediaType { Schema = schema } };

    private static OpenApiSecurityRequirement Scheme(OpenApiOperationTransformerContext context, string name) =>
        new() { [new OpenApiSecuritySchemeReference(name, context.Document)] = [] };

    /// <summary>How every error looks (RFC 9457).</summary>
    internal sealed record Problem(string Type, string Title, int Status, string? Detail, IReadOnlyList<Problems.Fault>? Errors, string? TraceId);
}
