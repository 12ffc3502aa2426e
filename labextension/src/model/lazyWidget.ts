import { PanelLayout, Widget } from '@lumino/widgets';

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
