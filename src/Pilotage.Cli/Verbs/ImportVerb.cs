using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Import;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data import</c>: a file of CSV into the store, with a preview of how its columns map.</summary>
internal sealed class ImportVerb
{
    private static readonly Column[] Preview =
    [
        new("COLUMN", "column"), new("PROPERTY", "property"), new("KIND", "kind"), new("FIRST VALUES", "first"), new("NOTE", "note"),
    ];

    private static readonly Column[] Result =
    [
        new("FILE", "file"), new("ROWS", "rows"), new("VALUES", "values"), new("ROWS LEFT OUT", "rowsLeftOut"), new("CELLS LEFT OUT", "cellsLeftOut"), new("HELD", "held", true), new("EMPTY ROWS", "emptyRows", true),
    ];

    private readonly VerbFrame _frame;
    private readonly Argument<string> _file = VerbFrame.Name("file", "A file of CSV in UTF-8, with a header.");
    private readonly Option<string?> _device = DataVerbs.Text("--device", "The device that all rows are of: id, path or name.", "ID");
    private readonly Option<string?> _deviceColumn = DataVerbs.Text("--device-column", "The column that names the device of each row.", "COLUMN");
    private readonly Option<string?> _time = DataVerbs.Text("--time", "The column of the times; found by name and values if left out.", "COLUMN");
    private readonly Option<string?> _timeFormat = DataVerbs.Text("--time-format", "iso; s, ms, us or ns since 1970; or a format such as dd.MM.yyyy HH:mm:ss.", "FORM");
    private readonly Option<string?> _timezone = DataVerbs.Text("--timezone", "Where the clock stood that wrote times without an offset, Europe/Paris say; UTC if left out.", "ZONE");
    private readonly Option<string[]> _columns = new("--columns") { Description = "These columns only, each with the property it becomes: temp=bearing_temp,load.", HelpName = "COLUMN=PROPERTY,…" };
    private readonly Option<string?> _delimiter = DataVerbs.Text("--delimiter", "What stands between cells: one character, or tab.", "CHAR");
    private readonly Option<string?> _decimal = DataVerbs.Text("--decimal", "What stands before decimals: . or a comma.", "CHAR");
    private readonly Option<bool> _strict = new("--strict") { Description = "Read the whole file first, and store nothing of it if anything is wrong." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show how the columns map and store nothing; with --strict, also what is wrong." };

    private ImportVerb(VerbFrame frame) => _frame = frame;

    public static Verb Create(VerbFrame frame)
    {
        var import = new ImportVerb(frame);
        var verb = VerbFrame.With(
            new Verb(
                "import",
                "Stores a file of CSV. How it is written and what its columns are is found out, shown, and can be said; run again, what is stored is not stored twice.",
                "pilotage data import history.csv --device pump-7 --dry-run",
                "pilotage data import export.csv --device-column machine --time Zeit --timezone Europe/Berlin --delimiter ';' --decimal , --columns 'Temp=bearing_temp,Last=load'"),
            import._file, import._device, import._deviceColumn, import._time, import._timeFormat, import._timezone, import._columns, import._delimiter, import._decimal, import._strict, import._dryRun);
        verb.SetAction(import.RunAsync);
        return verb;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var (session, writer) = (_frame.Session, _frame.Writer(parsed));
        var (isDryRun, isStrict) = (parsed.GetValue(_dryRun), parsed.GetValue(_strict));
        var plan = new ImportPlanner(Wishes(parsed), session.WorkingDirectory).Make();
        using var api = _frame.Connect(parsed);
        if (plan.Device is { } device)
        {
            // One that is not there is said before anything else.
            await api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(device)}", cancellation);
        }

        var known = await KnownAsync(api, plan, cancellation);
        Tell(plan);
        (isDryRun ? writer : new ResultWriter(session.Error, "table", null)).Write(Shown(plan, known), Preview, "property");
        if (isStrict)
        {
            await new ImportRun(plan, session, api, new WrongRows(isStrict: true)).ReadAsync(isTrial: true, cancellation);
        }

        if (isDryRun)
        {
            session.Error.WriteLine("nothing was stored: the same without --dry-run stores it");
            return ExitCode.Done;
        }

        var wrong = new WrongRows(isStrict: false);
        var run = new ImportRun(plan, session, api, wrong);
        await run.ReadAsync(isTrial: false, cancellation);
        wrong.WriteTo(session.Error);
        if (run.Held > 0)
        {
            session.Error.WriteLine($"{run.Held} values broke a contract and are kept apart: pilotage contract held");
        }

        writer.Write(
            new JsonObject
            {
                ["file"] = plan.File,
                ["rows"] = run.Stored,
                ["values"] = run.Values,
                ["held"] = run.Held,
                ["rowsLeftOut"] = wrong.Rows,
                ["cellsLeftOut"] = wrong.Cells,
                ["emptyRows"] = run.EmptyRows,
                ["wrong"] = wrong.ToJson(),
            },
            Result,
            "file");
        if (run.Stored == 0)
        {
            session.Error.WriteLine("nothing of the file was stored");
        }

        return wrong.IsEmpty && run.Stored > 0 ? ExitCode.Done : ExitCode.PartlyDone;
    }

    private void Tell(ImportPlan plan)
    {
        var error = _frame.Session.Error;
        var zone = plan.Time.IsNumber ? "" : $", {plan.Time.Zone.Id}";
        error.WriteLine(Printable.Of(
            $"{plan.File}: '{plan.DelimiterName}' between cells, '{(plan.HasDecimalComma ? ',' : '.')}' before decimals; times in '{plan.Columns[plan.TimeColumn].Name}' as {plan.Time.Name}{zone}; "
            + (plan.Device is { } device ? $"device {device}" : $"devices in '{plan.Columns[plan.DeviceColumn!.Value].Name}'")));
        foreach (var note in plan.Notes)
        {
            error.WriteLine($"note: {note}");
        }
    }

    /// <summary>What the first devices of the file hold already: the preview tells what is stored, and that depends on them.</summary>
    private static async Task<List<ImportBatch>> KnownAsync(ApiClient api, ImportPlan plan, CancellationToken cancellation)
    {
        var devices = new ImportDevices(api, plan);
        foreach (var name in plan.FirstDevices)
        {
            await devices.OfAsync(name, cancellation);
        }

        return [.. devices.Batches];
    }

    /// <param name="plan">The plan.</param>
    /// <param name="known">What the series of the first devices hold.</param>
    private static JsonObject Shown(ImportPlan plan, List<ImportBatch> known) => new()
    {
        ["items"] = new JsonArray([.. plan.Columns.Select(column => Shown(
            column, column.Role == ColumnPlan.IsValue ? [.. known.Select(batch => (batch.Device, batch.Kinds[Place(plan, column)], batch.Described[Place(plan, column)]))] : []))]),
    };

    private static JsonObject Shown(ColumnPlan column, List<(string Device, ColumnKind Kind, bool IsDescribed)> known)
    {
        var kinds = known.Select(one => one.Kind).DefaultIfEmpty(column.Kind).Distinct().ToList();
        var other = known.Find(one => one.Kind != column.Kind);
        var note = other.Device is null ? column.Note
            : (kinds.Count == 1 ? "" : $"of {other.Device}: ")
                + (other.IsDescribed ? $"its thing type describes {Word(other.Kind)}" : other.Kind == ColumnKind.None ? "left out: its series holds JSON" : $"its series holds {Word(other.Kind)}");
        return new JsonObject
        {
            ["column"] = column.Name,
            ["property"] = column.Property,
            ["kind"] = column.Role == ColumnPlan.IsValue ? string.Join(" or ", kinds.Select(Word)) : column.Role,
            ["first"] = new JsonArray([.. column.First.Select(value => (JsonNode)(value.Length <= 24 ? value : value[..24] + "…"))]),
            ["note"] = note.Length > 0 ? note : null,
        };
    }

    private static string Word(ColumnKind kind) => kind.ToString().ToLowerInvariant();

    private static int Place(ImportPlan plan, ColumnPlan column) => plan.Values.TakeWhile(one => one != column).Count();

    private ImportWishes Wishes(ParseResult parsed)
    {
        var (device, column) = (parsed.GetValue(_device), parsed.GetValue(_deviceColumn));
        if (string.IsNullOrWhiteSpace(device) == string.IsNullOrWhiteSpace(column) || device is "." or "..")
        {
            throw new CliFailure(
                ExitCode.Usage, "whose values they are is not known", "either all rows are of one device, or a column names the device of each", "--device ID, or --device-column COLUMN");
        }

        return new ImportWishes
        {
            File = VerbFrame.Given(parsed.GetValue(_file), _file),
            Device = device,
            DeviceColumn = column,
            Time = parsed.GetValue(_time),
            TimeFormat = parsed.GetValue(_timeFormat),
            TimeZone = parsed.GetValue(_timezone),
            Columns = [.. (parsed.GetValue(_columns) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(Pair)],
            Delimiter = Delimiter(parsed.GetValue(_delimiter)),
            HasDecimalComma = parsed.GetValue(_decimal) switch
            {
                null => null,
                "," => true,
                "." => false,
                var other => throw new CliFailure(ExitCode.Usage, $"--decimal: '{other}' stands before no decimals", "it is a point or a comma", "--decimal ,"),
            },
        };
    }

    private static (string Column, string Property) Pair(string text)
    {
        var at = text.LastIndexOf('=');
        return at < 0 ? (text, text) : (text[..at].Trim(), text[(at + 1)..].Trim());
    }

    private static char? Delimiter(string? text) => text switch
    {
        null => null,
        "tab" or "\\t" => '\t',
        [var one] when char.IsAscii(one) && !char.IsAsciiLetterOrDigit(one) && one is not ('"' or '\r' or '\n' or '.') => one,
        _ => throw new CliFailure(ExitCode.Usage, $"--delimiter: '{text}' cannot stand between cells", "it is one character of ASCII, and neither a letter, a digit, a point nor a quotation mark", "--delimiter ';' or --delimiter tab"),
    };}
