using System.Text;
using Pilotage.Learning.Golden;
using Xunit;

namespace Pilotage.Tests.Learning.Golden;

public sealed class GoldenSetTests
{
    private static readonly float[][] Rows = [[1, 2, 3], [0, 0, float.NaN], [-4, 5e8f, 0.1f]];

    [Fact]
    public void A_model_passes_its_own_answers_after_a_round_trip()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var json = GoldenSet.Record(model, Rows, 1e-4).Write();
        var read = GoldenSet.Read(json).Value;

        Assert.Equal(json, read.Write());
        Assert.Equal(new GoldenReport(3, 0, Pass: true, Reason: null), read.Check(model));
    }

    [Fact]
    public void An_answer_out_of_tolerance_fails_and_names_the_row()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var golden = GoldenSet.Record(model, Rows, 1e-4);
        golden.Expected[0][0] *= 1.001f;

        var report = golden.Check(model);

        Assert.False(report.Pass);
        Assert.InRange(report.MaxError, 0.0009, 0.0011);
        Assert.Contains("Row 0", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_answer_must_stay_missing()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var golden = GoldenSet.Record(model, Rows, 1e9);
        golden.Expected[1][0] = 5;
        Assert.Equal(GoldenReport.Unanswered, golden.Check(model).MaxError);

        golden.Expected[1][0] = null;
        golden.Expected[0][0] = null;
        Assert.False(golden.Check(model).Pass);
    }

    [Fact]
    public void Another_model_never_passes_even_with_equal_answers()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        using var other = TinyModels.Load(TinyModels.Affine(w0: 1.0000001f));

        Assert.False(GoldenSet.Record(model, [[0, 0, 0]], 1).Check(other).Pass);
    }

    [Fact]
    public void A_model_that_cannot_answer_is_reported_not_thrown()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var golden = GoldenSet.Record(model, Rows, 1e-4);
        model.Stop();

        var report = golden.Check(model);

        Assert.Equal((false, GoldenReport.Unanswered), (report.Pass, report.MaxError));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":"pilotage.golden/2","model":"M","tolerance":0,"inputs":[[1]],"expected":[[1]]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"M","tolerance":0,"inputs":[],"expected":[]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"M","tolerance":0,"inputs":[[1]],"expected":[]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"M","tolerance":0,"inputs":[null],"expected":[[1]]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"M","tolerance":-1,"inputs":[[1]],"expected":[[1]]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"M","tolerance":"NaN","inputs":[[1]],"expected":[[1]]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"short","tolerance":0,"inputs":[[1]],"expected":[[1]]}""")]
    [InlineData("""{"format":"pilotage.golden/1","model":"M","tolerance":0,"inputs":[[1]],"expected":[[1]],"more":1}""")]
    public void What_is_not_one_whole_set_is_refused(string json)
    {
        var text = json.Replace("\"M\"", $"\"sha256:{new string('0', 64)}\"", StringComparison.Ordinal);

        Assert.Equal("golden.malformed", GoldenSet.Read(Encoding.UTF8.GetBytes(text)).Refusal.Code);
    }
}
