import { PanelLayout, Widget } from '@lumino/widgets';

/** So many frames at most are waited for what is drawn. */
const FRAMES = 60;

/** A place in a sidebar whose content is made, and its code loaded, when it is first shown. */
export class LazyWidget extends Widget {
  constructor(private readonly create: () => Promise<Widget>) {
    super();
    this.addClass('naavre-LazyWidget');
    this.layout = new PanelLayout();
  }

  protected override onAfterShow(): void {
    this.fill();
  }

  protected override onAfterAttach(): void {
    if (this.isVisible) {
      this.fill();
    }
  }

  /** Commands that show it are for the keyboard, too. */
  protected override onActivateRequest(): void {
    this.fill();
    void this.filling?.then(() => this.focusWithin(FRAMES));
  }

  /** Gives the focus to its first control, as soon as there is one. */
  private focusWithin(frames: number): void {
    const first = this.node.querySelector<HTMLElement>('button:enabled, input:enabled, select:enabled');
    if (first) {
      first.focus();
    } else if (frames > 0 && !this.isDisposed) {
      requestAnimationFrame(() => this.focusWithin(frames - 1));
    }
  }

  private fill(): void {
    this.filling ??= this.create().then(
      content => {
        if (!this.isDisposed) {
          (this.layout as PanelLayout).addWidget(content);
        }
      },
      (error: unknown) => {
        this.filling = null; // the server may be back the next time
        throw error;
      }
    );
  }

  private filling: Promise<void> | null = null;
}
