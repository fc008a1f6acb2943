/* SPDX-License-Identifier: MIT */
/* Every sample, one line each: for whoever wants to judge by other rules. */
#include <inttypes.h>
#include <string.h>

#include "tune_report.h"

void tune_report_csv(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    char name[TUNE_NAME_MAX];

    fputs("setting,depth,load_percent,stage,round,missed_rate", out);
    for (const struct tune_field *f = tune_fields; f->name; f++)
        fprintf(out, ",%s", f->name);
    fputc('\n', out);
    for (unsigned config = 0; config < tune->n_configs; config++)
        for (unsigned s = 0; s < tune->n_scenarios; s++) {
            const struct tune_cell *cell = tune_cell(tune, config, s);

            for (unsigned i = 0; i < cell->n; i++) {
                const struct tune_sample *sample = &cell->samples[i];

                fprintf(out, "%s,%" PRIu64 ",%u,%s,%u,%d", tune_config_name(name, &tune->configs[config]),
                        tune->scenarios[s].depth, tune->scenarios[s].percent,
                        tune_stage_name(tune->rounds[sample->round].stage), sample->round, sample->missed);
                for (const struct tune_field *f = tune_fields; f->name; f++) {
                    double value;

                    memcpy(&value, (const char *)sample + f->offset, sizeof(value));
                    fprintf(out, ",%.6g", value);
                }
                fputc('\n', out);
            }
        }
}
