// What a person sees of the page, as one value.
(() => {
  const numbers = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const luminance = (color) => {
    const part = (value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    const [red, green, blue] = numbers(color).map(part);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const isClear = (color) => numbers(color).length === 4 && numbers(color)[3] === 0;
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!isClear(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const hasSize = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };
  const isInSvg = (element) => element instanceof SVGElement;
  const ownText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
  const texts = [...document.body.querySelectorAll("*")].filter(
    (element) => element.tagName !== "title" && ownText(element) && hasSize(element)
  );
  const color = (element) => getComputedStyle(element)[isInSvg(element) ? "fill" : "color"];
  const describe = (element) => element.tagName + " " + element.textContent.slice(0, 40);
  const charts = [...document.querySelectorAll("svg")].map((svg) => ({
    label: svg.getAttribute("aria-label") || "",
    marks: hasSize(svg) ? [...svg.querySelectorAll("rect, circle")].filter(hasSize).length
      + [...svg.querySelectorAll("polyline")].filter((line) => line.getTotalLength() > 0).length : 0,
  }));
  return {
    harm: "harm" in window,
    scripts: document.scripts.length,
    images: document.images.length,
    scrollsSideways: document.scrollingElement.scrollWidth > innerWidth,
    hardToRead: texts.filter((text) => contrast(color(text), background(text)) < 4.5).map(describe),
    // SVG is drawn larger or smaller than its font says.
    tooSmall: texts.filter((text) => text.getBoundingClientRect().height < (isInSvg(text) ? 9 : 12)).map(describe),
    dark: luminance(background(document.body)) < 0.2,
    charts,
    headings: [...document.querySelectorAll("h1, h2")].map((heading) => heading.tagName).join(" "),
  };
})()
