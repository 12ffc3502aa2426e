import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';

/** What a command shows: widgets that have an id, and belong to the notebook of a path. */
export interface IShown<T extends Widget> {
  label: string;
  /** What the argument `id` is, for those who list the commands. */
  describedId: string;
  shell: JupyterFrontEnd.IShell;
  area: string;
  tracker: WidgetTracker<T>;
  idOf(widget: T): string | undefined;
  /** A new widget, which isn't in the shell yet. */
  create(id: string, path: string): Promise<T>;
  /** Where in the area it goes. */
  placed?(path: string): { mode: 'split-bottom'; ref: string | null };
}

/** A command that brings the widget of an id to the front; it is made where there is none. */
export function showCommand<T extends Widget>(
  shown: IShown<T>,
  trans: TranslationBundle
): CommandRegistry.ICommandOptions {
  return {
    label: shown.label,
    execute: async args => {
      const [id, path] = [String(args.id), String(args.path)];
      let widget = shown.tracker.find(open => shown.idOf(open) === id);
      if (!widget) {
        widget = await shown.create(id, path);
        shown.shell.add(widget, shown.area, shown.placed?.(path));
        await shown.tracker.add(widget);
      }
      shown.shell.activateById(widget.id);
    },
    describedBy: {
      args: {
        type: 'object',
        required: ['id', 'path'],
        properties: {
          id: { type: 'string', description: shown.describedId },
          path: { type: 'string', description: trans.__('The path of its notebook') }
        }
      }
    }
  };
}
